import { describe, expect, test } from "vitest";
import { Random } from "constella";
import { takeFloat32, takeFloat32Matrix, toFloat32 } from "../src/matrix";
import type { MatrixLike } from "../src/matrix";
import { Shuffle } from "../src/lifecycle/shuffle";
import { runAtOnce, runCooperatively, shared } from "../src/event-loop";
import type { Cooperative } from "../src/event-loop";

/** 20 pieces of 2 ms; tells how often the event loop had a turn meanwhile. */
function* work(turns: () => number): Cooperative<number> {
  const before = turns();
  for (let i = 0; i < 20; i++) {
    for (const end = performance.now() + 2; performance.now() < end;);
    yield;
  }
  return turns() - before;
}

/** Counts the turns of the event loop while `use` runs. */
async function counting<R>(use: (turns: () => number) => R | Promise<R>): Promise<R> {
  let [turns, done] = [0, false];
  const count = (): void => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  try {
    return await use(() => turns);
  } finally {
    done = true;
  }
}

describe("work in pieces", () => {
  test("in turns lets the event loop go on, at once does not", async () => {
    expect(await counting((turns) => runCooperatively(work(turns)))).toBeGreaterThan(1);
    expect(await counting((turns) => runAtOnce(work(turns)))).toBe(0);
  });

  const LONG = 40_000;
  const values = Float64Array.from({ length: LONG }, (_, i) => Math.sin(i));
  const rows = Array.from({ length: LONG / 4 }, (_, i) => Array.from(values.subarray(4 * i, 4 * i + 4)));
  test.each<[string, MatrixLike]>([
    ["float64", { data: values, shape: [LONG / 4, 4] }],
    ["float32", { data: Float32Array.from(values), shape: [LONG / 4, 4] }],
    ["columns of a wider matrix", { data: values, shape: [LONG / 8, 4], stride: [8, 1], offset: 2 }],
    ["rows", rows],
  ])("data are taken over as they are at once: %s", async (_, x) => {
    const want = toFloat32(x, "test", "x");
    for (const take of [takeFloat32, takeFloat32Matrix]) {
      const got = await take(x, "test", "x");
      expect(got.shape).toEqual(want.shape);
      expect(got.data).toEqual(want.data);
    }
  });

  test("a value that is refused is found in any piece", async () => {
    const broken = rows.map((row) => [...row]);
    broken[LONG / 4 - 1]![3] = NaN;
    await expect(takeFloat32(broken, "test", "x")).rejects.toThrow(
      `test: x must be finite, got NaN at row ${LONG / 4 - 1}, column 3`,
    );
  });

  test("the order of a pass is the same, loaded or not", async () => {
    const [loaded, other] = [0, 0].map(() => new Shuffle(new Random(5).state(), 10_001, 100)) as [Shuffle, Shuffle];
    for (const pass of [3, 0]) {
      await loaded.load(pass);
      expect(loaded.batch(pass, 100)).toEqual(other.batch(pass, 100));
    }
  });

  test("what is made once is made again only when asked after it is there", async () => {
    let made = 0;
    const make = shared(async () => {
      await Promise.resolve();
      if (++made === 2) throw new Error("second");
      return made;
    });
    expect(await Promise.all([make(), make()])).toEqual([1, 1]);
    await expect(make()).rejects.toThrow("second");
    expect(await make()).toBe(3);
  });
});
