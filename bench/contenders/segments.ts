import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NdArray, requestDevice } from "constella";
import { slic } from "constella/astronomy";
import { SOM } from "constella/som";
import type { Program } from "../workload";
import type { Setup } from "./constella";
import { interpreter, python, threadVariables } from "./python";

/** Bands [bands, side, side] from 0 to 1, and what superpixels are to be. */
export interface SlicProblem {
  readonly side: number;
  readonly bands: number;
  readonly segments: number;
  readonly compactness: number;
  readonly image: Float32Array;
}

export const superpixels =
  ({ threads, relaxed }: Setup) =>
  async ({ side, bands, segments, compactness, image }: SlicProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    const cube = new NdArray(image, [bands, side, side]);
    let labels: ArrayLike<number> = [];
    return {
      run: async () => void (labels = (await slic(cube, { nSegments: segments, compactness, device })).labels.data),
      result: async () => ({ labels: Array.from(labels) }),
    };
  };

export const skimageSlic = ({ image, ...problem }: SlicProblem): Promise<Program> =>
  python({
    ...{ script: "segments_peers.py", packages: ["skimage"], problem: { kind: "slic", ...problem }, arrays: { image } },
    ...{ outputs: ["labels"], env: threadVariables(2) },
  });

/** The labels of scikit-image; undefined where there is none. */
export function skimageLabels({ image, ...problem }: SlicProblem): Float32Array | undefined {
  let python: string;
  try {
    python = interpreter(["skimage"]);
  } catch {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "constella-bench-"));
  try {
    writeFileSync(join(folder, "problem.json"), JSON.stringify({ kind: "slic", ...problem }));
    writeFileSync(join(folder, "image.f32"), image);
    const { status, stderr } = spawnSync(python, ["bench/contenders/segments_peers.py", folder], {
      input: "run\nresult\n",
    });
    if (status !== 0) throw new Error(`scikit-image: ${stderr.toString().trim().split("\n").at(-1)}`);
    return new Float32Array(Uint8Array.from(readFileSync(join(folder, "labels.f32"))).buffer);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Rows for a map of side × side units that begins with a code book, and σ of each epoch. */
export interface MapProblem {
  readonly n: number;
  readonly d: number;
  readonly side: number;
  readonly sigma: readonly number[];
  readonly x: Float32Array;
  readonly codebook: Float32Array;
}

export const map =
  ({ threads, relaxed }: Setup) =>
  async ({ n, d, side, sigma, x, codebook }: MapProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    const init = { data: codebook, shape: [side * side, d] };
    const som = new SOM({
      ...{ rows: side, columns: side, epochs: sigma.length, sigma, init, clustering: "units", device },
    });
    return {
      run: async () => void (await som.fit({ data: x, shape: [n, d] })),
      result: async () => ({ codebook: Array.from(som.codebook.data) }),
    };
  };

export const numpyMap = ({ x, codebook, ...problem }: MapProblem): Promise<Program> =>
  python({
    ...{ script: "segments_peers.py", packages: [], problem: { kind: "som", ...problem }, arrays: { x, codebook } },
    ...{ outputs: ["codebook"], env: threadVariables(2) },
  });
