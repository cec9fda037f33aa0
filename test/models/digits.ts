import { readFileSync } from "node:fs";
import { readNpzArray } from "../../src/data/formats/npy/npz";
import { flattenRows, toFloat32 } from "../../src/matrix";
import type { NdArray } from "../../src/ndarray";

const bytes = readFileSync(new URL("../fixtures/digits_8x8.npz", import.meta.url));

/** The first n of scikit-learn's 1,797 real digits: rows of 64 pixels in [0, 1]. */
export function digits(n = 1797): { x: NdArray<Float32Array>; labels: Int32Array } {
  const images = flattenRows(toFloat32(readNpzArray(bytes, "images"), "digits", "images"));
  const x = images.hi(n, 64);
  const scaled = toFloat32(
    { data: Float32Array.from(x.data.subarray(0, n * 64), (v) => v / 16), shape: [n, 64] },
    "digits",
    "x",
  );
  const labels = readNpzArray(bytes, "labels");
  return { x: scaled, labels: Int32Array.from(labels.data.subarray(0, n) as Int32Array) };
}
