import { describe, expect, test } from "vitest";
import { pixelItems, pixelRows } from "constella/astronomy";
import type { BandSource } from "constella/astronomy";
import { NdArray } from "constella";
import { uniforms } from "../uniforms";

const [BANDS, HEIGHT, WIDTH] = [3, 40, 7];

/** A cube with gaps, and the same as a source that notes how many rows of pixels it is asked for at once. */
function gappy(): { cube: NdArray<Float32Array<ArrayBuffer>>; source: BandSource & { most: number } } {
  const random = uniforms(4);
  const data = Float32Array.from({ length: BANDS * HEIGHT * WIDTH }, (_, i) => (i % 11 === 3 ? NaN : random()));
  data.fill(NaN, 5 * WIDTH, 9 * WIDTH); // whole rows of the first band
  const cube = new NdArray(data, [BANDS, HEIGHT, WIDTH]);
  const source = {
    ...{ bands: BANDS, height: HEIGHT, width: WIDTH, most: 0 },
    rows: async (begin: number, end: number): Promise<Float32Array> => {
      source.most = Math.max(source.most, end - begin);
      const size = (end - begin) * WIDTH;
      const out = new Float32Array(BANDS * size);
      for (let band = 0; band < BANDS; band++)
        out.set(data.subarray((band * HEIGHT + begin) * WIDTH, (band * HEIGHT + end) * WIDTH), band * size);
      return out;
    },
  };
  return { cube, source };
}

describe("pixels of a cube as rows that are read", () => {
  test("are those of the cube in memory, as blocks and by number", async () => {
    const { cube, source } = gappy();
    const { x, of } = pixelItems(cube);
    const rows = await pixelRows(source, { memory: 1000 });
    expect([rows.length, rows.rowShape, rows.memory]).toEqual([x.shape[0], [BANDS], 1000]);
    expect([...rows.of.data]).toEqual([...of.data]);
    const n = rows.length;
    expect([...(await rows.range(0, n))]).toEqual([...x.data]);
    for (let begin = 0; begin < n; begin += 13) {
      const end = Math.min(n, begin + 13);
      const into = new Float32Array(13 * BANDS);
      const block = await rows.range(begin, end, into);
      expect(block.buffer).toBe(into.buffer);
      expect([...block]).toEqual([...x.data.subarray(begin * BANDS, end * BANDS)]);
    }
    const random = uniforms(6);
    const index = Uint32Array.from({ length: 50 }, () => Math.floor(n * random()));
    expect([...(await rows.rows(index))]).toEqual(
      Array.from(index).flatMap((row) => [...x.data.subarray(row * BANDS, (row + 1) * BANDS)]),
    );
    source.most = 0;
    await rows.rows([n - 1, 0]);
    expect(source.most).toBe(1);
    expect([...(await rows.range(3, 3))]).toEqual([]);
  });

  test("say what is wrong", async () => {
    const { source } = gappy();
    const rows = await pixelRows(source);
    const n = rows.length;
    await expect(rows.range(0, n + 1)).rejects.toThrow(`pixelRows: rows must be within 0 and ${n}, got 0 to ${n + 1}`);
    await expect(rows.rows([n])).rejects.toThrow(`pixelRows: rows must be whole numbers from 0 to ${n - 1}, got ${n}`);
    const none = new NdArray(new Float32Array(12).fill(NaN), [3, 2, 2]);
    await expect(pixelRows(none)).rejects.toThrow("pixelRows: no pixel has data in every band");
  });
});
