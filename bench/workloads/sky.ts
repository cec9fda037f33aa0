// Images of the sky: files in, one grid, one point-spread function.
import { writeFits } from "constella/astronomy";
import * as sky from "../contenders/sky";
import { array, uniform, workload } from "../workload";
import type { AnyWorkload } from "../workload";
import { ours } from "./entrants";
import { riceFile } from "./rice";

/** What a peer takes at most of our time, where it is native code for a file format. */
const WITHIN_THREE = 1 / 3;

/** The largest difference. @throws beyond the tolerance */
function compare(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): string {
  let worst = 0;
  for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i]! - want[i]!));
  if (!(worst <= tolerance)) throw new Error(`error ${worst}, at most ${tolerance}`);
  return `max error ${worst.toExponential(1)}`;
}

/** A cube of nine bands of float32, from a file. */
function readCube(side: number): AnyWorkload {
  const size = 9 * side * side;
  return workload<sky.ReadProblem>({
    name: "read-fits-cube",
    title: `a FITS cube of 9 × ${side} × ${side} into float32`,
    device: "wasm",
    quick: false,
    problem: () => {
      const data = uniform(size, 3, -1, 1);
      return { file: writeFits({ data, shape: [9, side, side] }), hdu: 0, values: data };
    },
    flops: 0,
    bytes: 8 * size,
    validationRuns: 1,
    check: ({ values }, result) => compare(array(result, "values", size), values, 0),
    contenders: [
      { name: "constella", kind: "ours", target: WITHIN_THREE, load: sky.read },
      { name: "astropy", kind: "peer", python: true, load: sky.astropyRead },
    ],
  });
}

/** Rice tiles, one row each. */
function readRice(side: number): AnyWorkload {
  return workload<sky.ReadProblem>({
    name: "read-fits-rice",
    title: `a FITS image of ${side} × ${side} in RICE_1 tiles into float32`,
    device: "wasm",
    quick: false,
    problem: () => {
      const image = Int16Array.from(uniform(side * side, 4, 900, 1100));
      return { file: riceFile(image, side), hdu: 1, values: Float32Array.from(image) };
    },
    flops: 0,
    bytes: 6 * side * side,
    validationRuns: 1,
    check: ({ values }, result) => compare(array(result, "values", side * side), values, 0),
    contenders: [
      { name: "constella", kind: "ours", target: WITHIN_THREE, load: sky.read },
      { name: "astropy", kind: "peer", python: true, load: sky.astropyRead },
    ],
  });
}

/** A band on a turned grid, bilinear. */
function reproject(side: number): AnyWorkload {
  return workload<sky.ReprojectProblem>({
    name: "reproject",
    title: `a band of ${side} × ${side} pixels on a grid turned by 10 degrees, bilinear`,
    device: "wasm",
    quick: false,
    problem: () => sky.reprojectProblem(side),
    flops: 0,
    bytes: 8 * side * side,
    validationRuns: 1,
    check: (problem, result) => sky.checkReproject(problem, array(result, "values", side * side)),
    contenders: [
      ...ours(sky.reproject, { allThreads: 3 }),
      { name: "reproject_interp", kind: "peer", python: true, load: sky.peerReproject },
    ],
  });
}

/** Two bands, one of them convolved. */
function psfMatch(side: number): AnyWorkload {
  return workload<sky.MatchProblem>({
    name: "psf-match",
    title: `a band of ${side} × ${side} pixels convolved with a Gaussian of σ 2 pixels (17 × 17), NaN left out`,
    device: "wasm",
    quick: false,
    problem: () => sky.matchProblem(side),
    flops: 4 * 2 * 17 * side * side,
    bytes: 24 * side * side,
    validationRuns: 1,
    check: (problem, result) => sky.checkMatch(problem, array(result, "values", side * side)),
    contenders: [
      ...ours(sky.match, { allThreads: 2 }),
      { name: "astropy's convolve", kind: "peer", python: true, load: sky.astropyConvolve },
    ],
  });
}

/** All of them. */
export const SKY: readonly AnyWorkload[] = [readCube(605), readRice(1000), reproject(1000), psfMatch(605)];
