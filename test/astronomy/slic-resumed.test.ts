import { expect, test } from "vitest";
import { SLIC } from "../../src/astronomy";
import { describeDevices } from "../devices";
import { uniforms } from "../uniforms";

const [BANDS, SIDE] = [2, 48];

/** Bands of spots and noise; a corner has no data. */
function cube(side = SIDE): { data: Float32Array; shape: number[] } {
  const random = uniforms(9);
  const data = Float32Array.from({ length: BANDS * side * side }, (_, at) => {
    const [y, x] = [Math.floor(at / side) % side, at % side];
    return y + x < 6 ? NaN : Math.sin(x / 5) * Math.cos(y / 7) + 0.3 * random();
  });
  return { data, shape: [BANDS, side, side] };
}

describeDevices("SLIC, stopped between two passes", (device) => {
  test("goes on to the same bytes without the passes before", async () => {
    const options = { nSegments: 40, maxIter: 8, device: await device() };
    const whole = await new SLIC(options).fit(cube());
    let model = new SLIC(options);
    const passes: number[] = [];
    for (const at of [3, 5]) {
      const stop = new AbortController();
      const onStep = ({ step }: { step: number }): void => {
        passes.push(step);
        if (step === at) stop.abort(new Error("enough"));
      };
      await expect(model.fit(cube(), { signal: stop.signal, onStep })).rejects.toThrow("enough");
      expect(() => model.labels).toThrow("SLIC.labels: call fit first");
      const saved = await model.save();
      model.dispose();
      model = await SLIC.load(saved, { device: await device() });
      expect(await model.save()).toEqual(saved);
    }
    const other = await SLIC.load(await model.save(), { device: await device() });
    await expect(other.fit(cube(32))).rejects.toThrow(
      "slic: a fit goes on with the same image, 48 x 48 pixels before, [2, 32, 32] now",
    );
    await model.fit(cube(), { onStep: ({ step }) => passes.push(step) });
    expect(passes).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await model.save()).toEqual(await whole.save());
  });
});
