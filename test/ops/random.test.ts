import { describe, expect, test } from "vitest";
import { dropout, ones, Random, randomNormal, randomUniform, tidy } from "constella";
import { describeDevices } from "../devices";
import { stream, threefry } from "../../src/random";

describe("Threefry-2x32-20", () => {
  // counter, key → words: the vectors published with the generator (Random123, kat_vectors)
  const VECTORS = [
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ] as const;
  test.each(VECTORS)("counter %i %i, key %i %i", (c0, c1, k0, k1, ...want) => {
    const words = new Uint32Array(2);
    threefry(words, 0, k0, k1, c0, c1);
    expect([...words]).toEqual(want);
  });
});

function moments(values: ArrayLike<number>): { mean: number; variance: number; skewness: number; kurtosis: number } {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  const moment = (k: number): number => list.reduce((total, v) => total + (v - mean) ** k, 0) / list.length;
  const variance = moment(2);
  return { mean, variance, skewness: moment(3) / variance ** 1.5, kurtosis: moment(4) / variance ** 2 };
}

describe("stream", () => {
  test("no two uses of near seeds draw the same numbers, and one use draws the same again", () => {
    const seen = new Set<string>();
    for (const seed of [0, 1, 2, 3, 0x5eed, 2 ** 40])
      for (const name of ["a", "b", "ab", "DEC.order", "DEC.steps", "layer 1.order"])
        for (const places of [[], [0], [1], [0, 0], [2 ** 32]]) {
          const random = stream(seed, name, ...places);
          expect(random.state()).toEqual(stream(seed, name, ...places).state());
          seen.add(`${random.nextUint32()},${random.nextUint32()}`);
        }
    expect(seen.size).toBe(6 * 6 * 5);
    expect(() => stream(-1, "a")).toThrow("Random: the seed must be a whole number");
    expect(() => stream(1, "a", 0.5)).toThrow("stream a: place must be a whole number from 0");
  });
});

describe("Random", () => {
  test("goes on exactly from a stored state", () => {
    const random = new Random(2 ** 40 + 12345);
    const draw = (from: Random): number[] => [from.uniform(), from.normal(), from.integer(10), ...from.permutation(9)];
    draw(random);
    const state = JSON.parse(JSON.stringify(random.state())) as ReturnType<Random["state"]>;
    const copy = new Random(state);
    const late = new Random(0);
    late.nextUint32();
    late.restore(state);
    const want = draw(random);
    expect(draw(copy)).toEqual(want);
    expect(draw(late)).toEqual(want);
  });

  test("crosses a counter of 2³² blocks as the fills do", () => {
    const state = { key: [1, 2], position: 2 ** 33 - 4 } as const;
    const out = new Float32Array(9);
    new Random(state).fillUniform(out);
    const words = new Random(state);
    expect([...out]).toEqual(Array.from(out, () => words.uniform()));
  });

  test("uniforms, normals and integers have their moments", () => {
    const random = new Random(1);
    const n = 200_000;
    const uniform = moments(Float32Array.from({ length: n }, () => random.uniform()));
    expect(uniform.mean).toBeCloseTo(0.5, 2);
    expect(uniform.variance).toBeCloseTo(1 / 12, 3);
    for (const values of [
      Float32Array.from({ length: n }, () => random.normal()),
      (() => {
        const out = new Float32Array(n);
        random.fillNormal(out);
        return out;
      })(),
    ]) {
      const { mean, variance, skewness, kurtosis } = moments(values);
      expect(Math.abs(mean)).toBeLessThan(0.01); // 4.5 standard errors
      expect(Math.abs(variance - 1)).toBeLessThan(0.015);
      expect(Math.abs(skewness)).toBeLessThan(0.025);
      expect(Math.abs(kurtosis - 3)).toBeLessThan(0.05);
    }
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]!++;
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(27.9); // 6 degrees of freedom, p = 1e-4
  });

  test("an integer is the remainder of a word, the last uneven words passed over", () => {
    for (const limit of [1, 3, 2 ** 31, 3 * 2 ** 30, 2 ** 32 - 1, 2 ** 32]) {
      const [random, words] = [new Random(7), new Random(7)];
      const accepted = 2 ** 32 - (2 ** 32 % limit);
      for (let i = 0; i < 200; i++) {
        let word = words.nextUint32();
        while (word >= accepted) word = words.nextUint32();
        expect(random.integer(limit)).toBe(word % limit);
      }
    }
  });

  test("permutations hold each number once, and each place is equally likely", () => {
    const random = new Random(3);
    expect([...random.permutation(1000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const first = new Array<number>(5).fill(0);
    for (let i = 0; i < 10_000; i++) first[random.permutation(5)[0]!]!++;
    expect(first.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(23.5); // p = 1e-4
    expect([...random.permutation(0)]).toEqual([]);
  });

  test("a split stream is another one, and the same each time", () => {
    const words = (random: Random): number[] => Array.from({ length: 8 }, () => random.nextUint32());
    const [a, b] = [new Random(5), new Random(5)];
    const [childA, childB] = [a.split(), b.split()];
    const child = words(childA);
    expect(words(childB)).toEqual(child);
    expect(words(a)).not.toEqual(child);
    expect(words(a.split())).not.toEqual(child);
  });

  test.each([
    [() => new Random(-1), /seed .* -1/],
    [() => new Random(0.5), /seed .* 0.5/],
    [() => new Random({ key: [1], position: 0 } as never), /state/],
    [() => new Random({ key: [1, 2], position: -1 }), /state/],
    [() => new Random(1).integer(0), /limit .* 0/],
  ])("bad input %#", (call, message) => {
    expect(call).toThrow(message);
  });
});

describeDevices("random numbers", (device) => {
  const bits = (values: ArrayLike<number>): number[] => [...new Uint32Array(Float32Array.from(values).buffer)];

  test("are the host's, to the bit, from any state", async () => {
    const made = await device();
    for (const position of [0, 3, 2 ** 33 - 6]) {
      const state = { key: [0x12345678, 0xfedcba98], position } as const;
      const [here, there] = [new Random(state), new Random(state)];
      for (const [low, high, n] of [
        [0, 1, 1001],
        [-0.37, 0.37, 64],
      ] as const) {
        const out = new Float32Array(n);
        here.fillUniform(out, low, high);
        using y = randomUniform(made, [n], there, low, high);
        expect(bits(await y.data())).toEqual(bits(out));
      }
      expect(there.state()).toEqual(here.state());
    }
  });

  test("normals have their moments and are the host's to rounding", async () => {
    using y = randomNormal(await device(), [100_000], new Random(11));
    const got = await y.data();
    const want = new Float32Array(got.length);
    new Random(11).fillNormal(want);
    expect(got).toBeCloseToArray(want, { rtol: 1e-5, atol: 2e-6 });
    const { mean, variance, kurtosis } = moments(got);
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.08);
  });

  test("dropout keeps the mean, leaves evaluation alone, and refuses p outside [0, 1)", async () => {
    const made = await device();
    using x = ones(made, [50_000]);
    using y = dropout(x, 0.25, new Random(1));
    const values = await y.data();
    expect(new Set(values)).toEqual(new Set([0, Math.fround(4 / 3)]));
    expect(moments(values).mean).toBeCloseTo(1, 1);
    const random = new Random(1);
    const before = random.state();
    expect(dropout(x, 0.25, random, { training: false })).toBe(x);
    expect(random.state()).toEqual(before);
    expect(() => tidy(() => dropout(x, 1, random))).toThrow(/p must be in \[0, 1\), got 1/);
  });
});
