import { PCA, requestDevice } from "constella";
import type { Program } from "../workload";
import type { Setup } from "./constella";
import { python, threadVariables } from "./python";

/** Points [n, d], of which so many components are wanted. */
export interface PcaProblem {
  readonly x: Float32Array;
  readonly n: number;
  readonly d: number;
  readonly components: number;
  /** How they are found, by constella's name. */
  readonly solver: "covariance" | "gram" | "randomized";
}

/** From rows on the host to components on the host. */
export const constellaPca =
  ({ threads, relaxed }: Setup) =>
  async ({ x, n, d, components, solver }: PcaProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    let pca: PCA | undefined;
    return {
      run: async () => {
        await pca?.dispose();
        pca = await new PCA({ nComponents: components, solver, device }).fit({ data: x, shape: [n, d] });
      },
      result: async () => ({ components: pca!.components.data, variances: Array.from(pca!.explainedVariance) }),
    };
  };

/**
 * The same by scikit-learn with one of its solvers, on two threads; "covariance_eigh", which it has from 1.5 on, by its steps in NumPy and SciPy, so that
 * earlier versions can be asked too.
 */
export const sklearnPca =
  (solver: "full" | "randomized" | "covariance_eigh") =>
  ({ x, ...problem }: PcaProblem): Promise<Program> =>
    python({
      script: "sklearn_pca.py",
      packages: ["sklearn"],
      problem: { ...problem, solver },
      arrays: { x },
      outputs: ["components", "variances"],
      env: threadVariables(2),
    });
