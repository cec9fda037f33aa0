// Data without clusters, to hold data against: uniform in the box of the data along their principal axes (Tibshirani, Walther, Hastie 2001, §2).
import { PCA } from "../../cluster";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import { stream } from "../../random";
import type { Rows } from "./criteria";

/** Axes that are kept, at most: the data vary little along the others. */
const MOST_AXES = 256;

/** `count` sets of as many rows as x. */
export async function references(x: Rows, count: number, seed: number, device?: Device): Promise<readonly Rows[]> {
  const [n, d] = x.shape as [number, number];
  const pca = new PCA({ nComponents: Math.min(n, d, MOST_AXES), seed, device });
  const { data, shape } = await pca.fitTransform(x);
  const axes = shape[1]!;
  const [low, high] = [new Float64Array(axes).fill(Infinity), new Float64Array(axes).fill(-Infinity)];
  data.forEach((value, i) => {
    low[i % axes] = Math.min(low[i % axes]!, value);
    high[i % axes] = Math.max(high[i % axes]!, value);
  });
  const sets: Rows[] = [];
  for (let b = 0; b < count; b++) {
    const random = stream(seed, "chooseK.reference", b);
    const drawn = new Float32Array(n * axes);
    for (let i = 0; i < drawn.length; i++)
      drawn[i] = low[i % axes]! + (high[i % axes]! - low[i % axes]!) * random.uniform();
    const back = await pca.inverseTransform(new NdArray(drawn, [n, axes]));
    sets.push(new NdArray(Float64Array.from(back.data), [n, d]));
  }
  return sets;
}
