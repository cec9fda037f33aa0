import { hog, requestDevice, tensor } from "constella";
import type { Program } from "../workload";
import type { Setup } from "./constella";
import { python, threadVariables } from "./python";

/** Grey images [n, side, side] of whole numbers from 0 to 255. */
export interface HogProblem {
  readonly n: number;
  readonly side: number;
  readonly images: Float32Array;
}

/** All images in one call, from numbers on the host to descriptors there. */
export const descriptors =
  ({ threads, relaxed }: Setup) =>
  async ({ n, side, images }: HogProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    let values = new Float32Array(0);
    return {
      run: async () => {
        using x = tensor(device, images, [n, 1, side, side]);
        using y = hog(x);
        values = (await y.data()) as Float32Array<ArrayBuffer>;
      },
      result: async () => ({ descriptors: values }),
    };
  };

/** An image a call, which is what it takes; it has no threads. */
export const skimageHog = ({ images, ...problem }: HogProblem): Promise<Program> =>
  python({
    ...{ script: "hog_peers.py", packages: ["skimage"], problem, arrays: { images } },
    ...{ outputs: ["descriptors"], env: threadVariables(1) },
  });
