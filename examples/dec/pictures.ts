// Pictures as the paper has STL-10: histograms of oriented gradients, and a coarse map of the colours.
import { hog, NdArray, noGrad, tensor } from "constella";
import type { Device, TypedArray } from "constella";

/** Side of the map of colours, in cells. */
const MAP = 8;
/** Pictures described at a time. */
const CHUNK = 256;

/**
 * Pictures [n, h, w, 3] of bytes as rows: HOG (cells of 8 × 8 pixels) minus 0.2, times 10, and the chrominances Cr and Cb of 8 × 8 cells, minus 128, over 10: the
 * authors' code.
 */
export async function describePictures(
  device: Device,
  { data, shape }: NdArray<TypedArray>,
): Promise<NdArray<Float32Array>> {
  const [n, h, w] = shape as [number, number, number];
  const rows: Float32Array[] = [];
  for (let first = 0; first < n; first += CHUNK) {
    const count = Math.min(CHUNK, n - first);
    const planes = new Float32Array(count * 3 * h * w);
    for (let i = 0; i < count; i++)
      for (let channel = 0; channel < 3; channel++)
        for (let p = 0; p < h * w; p++)
          planes[(i * 3 + channel) * h * w + p] = Number(data[((first + i) * h * w + p) * 3 + channel]) / 255;
    const x = tensor(device, planes, [count, 3, h, w]);
    const gradients = noGrad(() => hog(x));
    const described = await gradients.data();
    const width = described.length / count;
    for (let i = 0; i < count; i++) {
      const shapes = Float32Array.from(described.slice(i * width, (i + 1) * width), (value) => (value - 0.2) * 10);
      const colours = chrominances(planes.subarray(i * 3 * h * w, (i + 1) * 3 * h * w), h, w);
      rows.push(Float32Array.from([...shapes, ...colours]));
    }
    x.dispose();
    gradients.dispose();
  }
  const width = rows[0]!.length;
  const all = new Float32Array(n * width);
  rows.forEach((row, i) => all.set(row, i * width));
  return new NdArray(all, [n, width]);
}

/** Means of (Cr − 128)/10 and (Cb − 128)/10 (ITU-R BT.601, of bytes) over the cells. */
function chrominances(planes: Float32Array, h: number, w: number): Float32Array {
  const map = new Float32Array(2 * MAP * MAP);
  const area = (h * w) / (MAP * MAP);
  for (let p = 0; p < h * w; p++) {
    const [r, g, b] = [0, 1, 2].map((channel) => planes[channel * h * w + p]! * 255) as [number, number, number];
    const cell = Math.floor((Math.floor(p / w) * MAP) / h) * MAP + Math.floor(((p % w) * MAP) / w);
    map[cell]! += (0.5 * r - 0.418688 * g - 0.081312 * b) / 10 / area;
    map[MAP * MAP + cell]! += (-0.168736 * r - 0.331264 * g + 0.5 * b) / 10 / area;
  }
  return map;
}
