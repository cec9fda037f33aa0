// Passes of Lloyd's algorithm beside one another: what each found, and whether it is the same.
import { expect } from "vitest";
import type { LloydPasses, Pass } from "../../src/cluster/kmeans/lloyd";
import { runLloyd } from "../../src/cluster/kmeans/lloyd-runs";

export const close = (found: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs(found[i]! - expected[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i]!)));
};

export interface Ran {
  readonly passes: readonly Pass[];
  readonly labels: Int32Array;
  readonly centers: Float32Array;
  readonly inertia: number;
}

export async function ran(lloyd: LloydPasses, centers: Float32Array, maxIter: number, threshold: number): Promise<Ran> {
  const passes: Pass[] = [];
  lloyd.setCenters(centers);
  const result = await runLloyd(lloyd, { maxIter, threshold, after: (pass) => void passes.push(pass) });
  return { passes, ...result };
}

export function expectSame(found: Ran, expected: Ran): void {
  expect(found.labels).toEqual(expected.labels);
  close(found.centers, expected.centers);
  close([found.inertia], [expected.inertia]);
  expect(found.passes.map(({ changed }) => changed)).toEqual(expected.passes.map(({ changed }) => changed));
  close(found.passes.map(({ inertia }) => inertia), expected.passes.map(({ inertia }) => inertia)); // prettier-ignore
  close(found.passes.map(({ shift }) => shift), expected.passes.map(({ shift }) => shift)); // prettier-ignore
  found.passes.forEach(({ counts }, i) => close(counts, expected.passes[i]!.counts));
}
