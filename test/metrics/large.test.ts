import { describe, expect, test } from "vitest";
import { onHost } from "../../src/host";
import * as metrics from "../../src/metrics";
import { generator } from "./labels";

const N = 4_000_000;
const K = 256;

/** A permutation of 0 … 255. */
const rename = (label: number): number => (label * 77 + 13) % K;

/** Four million labels among 256 classes of unequal size; the clusters are the classes renamed, but one sample in eight is drawn anew. */
function labels(): { y: Uint8Array; p: Int32Array; table: Float64Array } {
  const random = generator(1);
  const y = new Uint8Array(N);
  const p = new Int32Array(N);
  const table = new Float64Array(K * K);
  for (let i = 0; i < N; i++) {
    y[i] = Math.floor(Math.sqrt(random()) * K);
    p[i] = random() < 1 / 8 ? Math.floor(random() * K) : rename(y[i]!);
    table[y[i]! * K + p[i]!]!++;
  }
  return { y, p, table };
}

describe("4 million labels, 256 clusters", () => {
  const { y, p, table } = labels();
  const range = Array.from({ length: K }, (_, i) => i);
  const rows = range.map((i) => range.reduce((sum, j) => sum + table[i * K + j]!, 0));
  const columns = range.map((j) => range.reduce((sum, i) => sum + table[i * K + j]!, 0));
  const pairs = (counts: Iterable<number>): bigint => {
    let sum = 0n;
    for (const count of counts) sum += (BigInt(count) * BigInt(count - 1)) / 2n;
    return sum;
  };
  const [together, inTrue, inPred, all] = [pairs(table), pairs(rows), pairs(columns), pairs([N])];

  test("counts and pairs are exact", () => {
    const { matrix } = metrics.contingency(y, p);
    expect(matrix.shape).toEqual([K, K]);
    expect(matrix.data.every((count, cell) => count === table[cell])).toBe(true);
    const want = { tp: together, fp: inPred - together, fn: inTrue - together, tn: all - inTrue - inPred + together };
    const got = metrics.pairConfusion(y, p);
    for (const [name, count] of Object.entries(want)) expect(BigInt(got[name as keyof typeof got]), name).toBe(count);
    expect(metrics.randIndex(y, p)).toBe(Number(want.tp + want.tn) / Number(all));
  });

  test("adjusted Rand index agrees with integer arithmetic", () => {
    // (T - A B / M) / ((A + B) / 2 - A B / M), multiplied by 2 M; 10^18 keeps 18 digits of the quotient.
    const numerator = 2n * (together * all - inTrue * inPred);
    const denominator = (inTrue + inPred) * all - 2n * inTrue * inPred;
    const want = Number((numerator * 10n ** 18n) / denominator) / 1e18;
    expect(Math.abs(metrics.adjustedRandIndex(y, p) - want)).toBeLessThan(4e-16);
  });

  test("accuracy and purity are exact", () => {
    const matched = range.reduce((sum, i) => sum + table[i * K + rename(i)]!, 0);
    expect(metrics.accuracy(y, p)).toBe(matched / N);
    expect(metrics.misclassificationRate(y, p, { matching: "greedy" })).toBe((N - matched) / N);
    const best = range.map((j) => Math.max(...range.map((i) => table[i * K + j]!)));
    expect(metrics.purity(y, p)).toBe(best.reduce((sum, count) => sum + count) / N);
  });

  test("information agrees with entropies of the counts", () => {
    const entropy = (counts: Iterable<number>): number => {
      let sum = 0;
      for (const count of counts) if (count > 0) sum -= (count / N) * Math.log(count / N);
      return sum;
    };
    const [hTrue, hPred] = [entropy(rows), entropy(columns)];
    const mi = hTrue + hPred - entropy(table);
    expect(metrics.mutualInformation(y, p)).toBeCloseTo(mi, 11);
    expect(metrics.nmi(y, p)).toBeCloseTo((2 * mi) / (hTrue + hPred), 11);
    // For large n the expectation tends to (R - 1)(C - 1) / 2n; with these sizes the next term is 1 % of it.
    const expected = (K - 1) ** 2 / (2 * N);
    const want = (mi - expected) / ((hTrue + hPred) / 2 - expected);
    expect(Math.abs(metrics.ami(y, p) - want)).toBeLessThan(1e-4);
    expect(metrics.ami(y, p)).toBeLessThan(metrics.nmi(y, p));
  });

  test("labels far apart give the same numbers as labels close together", () => {
    const far = Float64Array.from(p, (label) => (label - 100) * 1e9);
    expect(metrics.nmi(y, far)).toBe(metrics.nmi(y, p));
  });

  test("every sample its own cluster", () => {
    const apart = Uint32Array.from(y, (_, i) => i);
    expect(metrics.completeness(y, apart)).toBeCloseTo(metrics.entropy(y) / Math.log(N), 11);
    expect(metrics.homogeneity(y, apart)).toBe(1);
    expect(metrics.adjustedRandIndex(y, apart)).toBe(0);
    expect(metrics.ami(y, apart)).toBe(0);
  });

  test("calls give their memory back", () => {
    const size = () => onHost((host) => host.bytes);
    const free = () => onHost((host) => host.u8(1).pointer);
    const [bytes, pointer] = [size(), free()];
    metrics.nmi(y, p);
    expect(() => metrics.nmi(y, [0, 0.5])).toThrow();
    expect(size()).toBe(bytes);
    expect(free()).toBe(pointer);
  });
});
