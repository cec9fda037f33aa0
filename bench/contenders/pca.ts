import { PCA, requestDevice } from "../../src/index";
import type { Program } from "../workload";
import type { Setup } from "./constella";
import { python, threadVariables } from "./python";

/** Points [n, d], of which so many components are wanted. */
export interface PcaProblem {
  readonly x: Float32Array;
  readonly n: number;
  readonly d: number;
  readonly components: number;
}

/** From rows on the host to components on the host. */
export const constellaPca =
  ({ threads, relaxed }: Setup) =>
  async ({ x, n, d, components }: PcaProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    let pca: PCA | undefined;
    return {
      run: async () => {
        await pca?.dispose();
        pca = await new PCA({ nComponents: components, device }).fit({ data: x, shape: [n, d] });
      },
      result: async () => ({ components: pca!.components.data, variances: Array.from(pca!.explainedVariance) }),
    };
  };

/** The same by scikit-learn with one of its solvers, on two threads. */
export const sklearnPca =
  (solver: "auto" | "full" | "randomized") =>
  ({ x, ...problem }: PcaProblem): Promise<Program> =>
    python({
      script: "sklearn_pca.py",
      packages: ["sklearn"],
      problem: { ...problem, solver },
      arrays: { x },
      outputs: ["components", "variances"],
      env: threadVariables(2),
    });
