// Pixels of a cube of bands: superpixels, and a self-organising map.
import * as segments from "../contenders/segments";
import { array, uniform, workload } from "../workload";
import type { AnyWorkload } from "../workload";
import { ours } from "./entrants";

/** Share of the pixels that must have scikit-image's label. */
const SAME = 0.995;

/** Smooth regions and noise. */
function bandsOf(bands: number, side: number): Float32Array {
  const noise = uniform(bands * side * side, 21, 0, 0.2);
  return noise.map((value, at) => {
    const [band, y, x] = [Math.floor(at / (side * side)), Math.floor(at / side) % side, at % side];
    const wave = Math.sin(x / 31 + band) + Math.sin(y / 23 - band) + Math.sin((x + y) / 57);
    return value + 0.8 * Math.round(2 + wave) * 0.2;
  });
}

/** Superpixels of nine bands, beside scikit-image's with the same labels. */
function superpixels(side: number): AnyWorkload {
  const bands = 9;
  return workload<segments.SlicProblem>({
    name: "slic",
    title: `superpixels of ${bands} × ${side} × ${side}, 400 pixels each, 10 passes`,
    device: "wasm",
    quick: false,
    problem: () => ({
      ...{ side, bands, segments: Math.round((side * side) / 400), compactness: 0.1, image: bandsOf(bands, side) },
    }),
    flops: 10 * 9 * 3 * (bands + 2) * side * side,
    bytes: 4 * bands * side * side,
    validationRuns: 1,
    check: (problem, result) => {
      const labels = array(result, "labels", side * side);
      const expected = segments.skimageLabels(problem);
      if (!expected) return "no scikit-image to compare labels with";
      let same = 0;
      expected.forEach((label, at) => (same += Number(label === labels[at])));
      const share = same / expected.length;
      if (!(share >= SAME)) throw new Error(`${share} of the labels are scikit-image's, at least ${SAME}`);
      return `${(100 * share).toFixed(2)} % of the labels are scikit-image's`;
    },
    contenders: [
      ...ours(segments.superpixels, { allThreads: 2 }),
      { name: "scikit-image", kind: "peer", python: true, load: segments.skimageSlic },
    ],
  });
}

/** Three epochs of a batch map and the units of the rows after them. */
function batchMap(n: number): AnyWorkload {
  const [d, side, sigma] = [9, 10, [2.5, 1.5, 0.5]];
  const units = side * side;
  return workload<segments.MapProblem>({
    name: "som-batch",
    title: `a self-organising map of ${side} × ${side} units: ${sigma.length} epochs of ${n} × ${d}, and their units`,
    device: "wasm",
    quick: false,
    problem: () => ({ n, d, side, sigma, x: uniform(n * d, 22, 0, 1), codebook: uniform(units * d, 23, 0, 1) }),
    flops: 3 * n * d * units * (sigma.length + 1),
    bytes: 4 * n * d * (sigma.length + 1),
    validationRuns: 1,
    check: (problem, result) => {
      const got = array(result, "codebook", units * d);
      const expected = trained(problem);
      let worst = 0;
      for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(got[i]! - expected[i]!));
      // a row as near to two units as float32 tells goes to either, here and in NumPy
      if (!(worst <= 5e-4)) throw new Error(`code book off by ${worst}, at most 5e-4`);
      return `max error ${worst.toExponential(1)}`;
    },
    contenders: [
      ...ours(segments.map, { allThreads: 3 }),
      { name: "NumPy", kind: "peer", python: true, load: segments.numpyMap },
    ],
  });
}

/** The code book in float64. */
function trained({ n, d, side, sigma, x, codebook }: segments.MapProblem): Float64Array {
  const units = side * side;
  let w = Float64Array.from(codebook);
  for (const width of sigma) {
    const [sums, counts] = [new Float64Array(units * d), new Float64Array(units)];
    for (let i = 0; i < n; i++) {
      let [winner, best] = [0, Infinity];
      for (let j = 0; j < units; j++) {
        let away = 0;
        for (let c = 0; c < d; c++) away += (x[i * d + c]! - w[j * d + c]!) ** 2;
        if (away < best) [winner, best] = [j, away];
      }
      counts[winner]!++;
      for (let c = 0; c < d; c++) sums[winner * d + c]! += x[i * d + c]!;
    }
    const next = new Float64Array(units * d);
    for (let j = 0; j < units; j++) {
      let total = 0;
      for (let u = 0; u < units; u++) {
        const away = (Math.floor(j / side) - Math.floor(u / side)) ** 2 + ((j % side) - (u % side)) ** 2;
        const pull = Math.exp(-away / (2 * width * width));
        total += pull * counts[u]!;
        for (let c = 0; c < d; c++) next[j * d + c]! += pull * sums[u * d + c]!;
      }
      for (let c = 0; c < d; c++) next[j * d + c]! /= total;
    }
    w = next;
  }
  return w;
}

/** All of them. */
export const SEGMENTS: readonly AnyWorkload[] = [superpixels(605), batchMap(366_025)];
