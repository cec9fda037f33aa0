// DBSCAN that was stopped in any of its passes, or amid the radii that it tries, goes on from there to the same bytes.
import { DBSCAN, NdArray } from "constella";
import { describe, expect, test } from "vitest";
import type { StepReport } from "../../src/lifecycle/progress";
import { pauseAfterEachPiece } from "../clock";
import { DEVICES } from "../device-types";
import { deviceOf } from "../devices";
import { edited } from "../lifecycle/models";
import { uniforms } from "../uniforms";

/** Four clouds, two of them near each other, and some rows between all. */
function clouds(n: number, d: number): NdArray<Float64Array> {
  const random = uniforms(7);
  const value = (row: number, c: number): number =>
    row % 20 === 0 ? 8 * random() : (c === 0 ? [0, 1.5, 4, 7][row % 4]! : 0) + random();
  return new NdArray(
    Float64Array.from({ length: n * d }, (_, at) => value(Math.floor(at / d), at % d)),
    [n, d],
  );
}

pauseAfterEachPiece();

/** Stopped at the first report that is meant, as `save` has it. */
async function stoppedAt(
  model: DBSCAN,
  x: NdArray<Float64Array>,
  isMeant: (report: StepReport) => boolean,
): Promise<Uint8Array> {
  const stop = new AbortController();
  const onStep = (report: StepReport): void => void (isMeant(report) && stop.abort(new Error("enough")));
  await expect(model.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
  return model.save();
}

describe.each([
  ["on a tree", 400, 3, 0.3],
  ["by panels", 400, 16, 1.4],
] as const)("%s", (_, n, d, eps) => {
  const x = clouds(n, d);
  const options = { eps, minSamples: 6 };

  test.each([0, 0.5, 1, 1.5, 2, 2.5, 3])("stopped after %d passes, another begins there", async (passes) => {
    const whole = await new DBSCAN(options).fit(x);
    expect(new Set(whole.labels).size).toBeGreaterThan(3);
    const bytes = await stoppedAt(new DBSCAN(options), x, ({ step }) => step >= passes * n);
    const model = await DBSCAN.load(bytes);
    expect(await model.save()).toEqual(bytes);
    const steps: number[] = [];
    await model.fit(x, { onStep: ({ step }) => steps.push(step) });
    expect(steps[0]).toBeGreaterThanOrEqual(passes * n); // nothing is done again
    expect(model.labels).toEqual(whole.labels);
    expect(await model.save()).toEqual(await whole.save());
    expect(await model.predict(x)).toEqual(whole.labels);
  });

  test("a file that is none is refused by one line", async () => {
    const first = await stoppedAt(new DBSCAN(options), x, ({ step }) => step >= 0.5 * n);
    const second = await stoppedAt(new DBSCAN(options), x, ({ step }) => step >= 1.5 * n);
    const last = await stoppedAt(new DBSCAN(options), x, ({ step }) => step >= 2.5 * n);
    const load = (bytes: Uint8Array, entries: object) =>
      DBSCAN.load(edited(bytes, (state) => ({ ...state, ...entries })));
    await expect(load(first, { done: 4 })).rejects.toThrow("done must be a whole number from 0 to 3, got 4");
    await expect(load(first, { done: 1 })).rejects.toThrow("isCore must be of a row or more, got none");
    await expect(load(second, { done: 0 })).rejects.toThrow("counts must be of a row or more, got none");
    await expect(load(second, { row: n + 1 })).rejects.toThrow(
      `row must be a whole number from 0 to ${n}, got ${n + 1}`,
    );
    await expect(load(last, { hash: undefined })).rejects.toThrow("hash must be a whole number from 0, got nothing");
    await expect(load(last, { d: 0 })).rejects.toThrow("d must be a whole number from 1, got 0");
    await expect(load(last, { settings: { eps: "stable", minSamples: 6 } })).rejects.toThrow("radius must be positive, got nothing"); // prettier-ignore
    const astray = await load(last, { row: 65, column: 66 });
    await expect(astray.fit(x)).rejects.toThrow("checkpoint: there is no place of the search at row 65, column 66");
    await expect(DBSCAN.load(last.subarray(0, last.length - 9))).rejects.toThrow("file is truncated");
    const torn = last.slice();
    torn[torn.length - 9]! ^= 1;
    await expect(DBSCAN.load(torn)).rejects.toThrow("the file is damaged, its checksum differs");
  });
});

test.each(DEVICES)("radii that were tried are not tried again, on %s", async (type) => {
  const [n, d] = [300, 16];
  const x = clouds(n, d);
  const make = async (): Promise<DBSCAN> => new DBSCAN({ eps: "stable", device: await deviceOf(type) });
  const searching: StepReport[] = [];
  const whole = await (await make()).fit(x, { onStep: (report) => report.step === 0 && searching.push(report) });
  let seen = 0;
  const bytes = await stoppedAt(await make(), x, () => ++seen >= 0.7 * searching.length);
  const model = await DBSCAN.load(bytes, { device: await deviceOf(type) });
  expect(await model.save()).toEqual(bytes);
  let again = 0;
  await model.fit(x, { onStep: ({ step }) => (again += Number(step === 0)) });
  expect(again).toBeLessThan(0.5 * searching.length);
  expect(model.eps).toBe(whole.eps);
  expect(await model.save()).toEqual(await whole.save());
  const load = (entries: object) => DBSCAN.load(edited(bytes, (state) => ({ ...state, ...entries })));
  await expect(load({ n: 0 })).rejects.toThrow("n must be a whole number from 1, got 0");
  await expect(load({ settings: { eps: 1, minSamples: 5 } })).rejects.toThrow("done must be a whole number from 0 to 3, got nothing"); // prettier-ignore
});
