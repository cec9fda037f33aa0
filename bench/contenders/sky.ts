import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FitsFile, gaussianKernel, psfMatched, reprojected, Wcs } from "constella/astronomy";
import { NdArray, requestDevice } from "constella";
import { uniform, type Program } from "../workload";
import type { Setup } from "./constella";
import { python, threadVariables } from "./python";

/** A file, and what its image holds. */
export interface ReadProblem {
  readonly file: Uint8Array;
  readonly hdu: number;
  readonly values: Float32Array;
}

/** From a path, each run anew. */
export async function read({ file, hdu }: ReadProblem): Promise<Program> {
  const path = join(tmpdir(), `constella-bench-${randomUUID()}.fits`);
  writeFileSync(path, file);
  process.on("exit", () => rmSync(path, { force: true }));
  let values = new Float32Array(0);
  return {
    run: async () => {
      const opened = await FitsFile.open(path);
      values = (await opened.image(hdu).read({ type: "float32" })).data;
      await opened.close();
    },
    result: async () => ({ values }),
  };
}

const peer = (
  problem: object,
  arrays: Readonly<Record<string, Float32Array | Uint8Array>>,
  packages: readonly string[],
) => python({ script: "sky_peers.py", packages, problem, arrays, outputs: ["values"], env: threadVariables(1) });

export const astropyRead = ({ file, hdu }: ReadProblem): Promise<Program> =>
  peer({ kind: "read", hdu }, { file }, ["astropy"]);

/** An image, its sky and the one that it is brought to. */
export interface ReprojectProblem {
  readonly side: number;
  readonly image: Float32Array;
  readonly from: Readonly<Record<string, string | number>>;
  readonly to: Readonly<Record<string, string | number>>;
}

export function reprojectProblem(side: number): ReprojectProblem {
  const from = {
    ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: side / 2, CRPIX2: side / 2, CRVAL1: 204.27, CRVAL2: -29.85 },
    ...{ CDELT1: -1.1e-5, CDELT2: 1.1e-5 },
  };
  return { side, image: uniform(side * side, 6, 0, 1), from, to: { ...from, CROTA2: 10, CRVAL1: 204.2701 } };
}

export const reproject =
  ({ threads, relaxed }: Setup) =>
  async ({ side, image, from, to }: ReprojectProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    const grid = { wcs: new Wcs(to), height: side, width: side };
    const source = reprojected(new NdArray(image, [side, side]), new Wcs(from), grid, { device });
    let values = new Float32Array(0);
    return {
      run: async () => void (values = (await source.rows(0, side)) as Float32Array<ArrayBuffer>),
      result: async () => ({ values }),
    };
  };

export const peerReproject = ({ image, ...problem }: ReprojectProblem): Promise<Program> =>
  peer({ kind: "reproject", ...problem }, { image }, ["astropy", "reproject"]);

/** @throws where a value is not what float64 gives, or is missing where there is one */
export function checkReproject({ side, image, from, to }: ReprojectProblem, got: ArrayLike<number>): string {
  const [own, grid] = [new Wcs(from), new Wcs(to)];
  let worst = 0;
  for (let i = 0; i < side * side; i += 97) {
    const [x, y] = own.worldToPixel(grid.pixelToWorld([i % side, Math.floor(i / side)])) as unknown as [number, number];
    const inside = x >= 0 && y >= 0 && x <= side - 1 && y <= side - 1;
    if (!inside) continue;
    const [c, r] = [Math.min(Math.floor(x), side - 2), Math.min(Math.floor(y), side - 2)];
    const [u, v] = [x - c, y - r];
    const at = r * side + c;
    const above = image[at]! * (1 - u) + image[at + 1]! * u;
    const below = image[at + side]! * (1 - u) + image[at + side + 1]! * u;
    const off = Math.abs(got[i]! - (above * (1 - v) + below * v));
    if (!(off <= 1e-5)) throw new Error(`pixel ${i}: ${got[i]}, off by ${off}, at most 1e-5`);
    worst = Math.max(worst, off);
  }
  return `max error ${worst.toExponential(1)}`;
}

/** An image with NaN, and σ of the kernel in pixels. */
export interface MatchProblem {
  readonly side: number;
  readonly image: Float32Array;
  readonly sigma: number;
}

export function matchProblem(side: number): MatchProblem {
  const [image, holes] = [uniform(side * side, 8, 0, 1), uniform(side * side, 9, 0, 1)];
  return { side, image: image.map((value, i) => (holes[i]! < 0.01 ? NaN : value)), sigma: 2 };
}

export const match =
  ({ threads, relaxed }: Setup) =>
  async ({ side, image, sigma }: MatchProblem): Promise<Program> => {
    const device = await requestDevice("wasm", { threads, deterministic: !relaxed });
    // two bands of which the second is the widest and stays
    const narrow = 1;
    const wide = Math.hypot(narrow, sigma * 2.3548200450309493);
    const bands = new Float32Array(2 * side * side);
    bands.set(image);
    const cube = new NdArray(bands, [2, side, side]);
    const options = { fwhm: [narrow, wide], pixelScale: 1, preserveNan: false, device };
    const source = psfMatched(cube, options);
    let values = new Float32Array(0);
    return {
      run: async () => void (values = (await source.rows(0, side)).slice(0, side * side)),
      result: async () => ({ values }),
    };
  };

export const astropyConvolve = ({ image, ...problem }: MatchProblem): Promise<Program> =>
  peer({ kind: "convolve", ...problem }, { image }, ["astropy"]);

/** @throws where a value is not what float64 gives */
export function checkMatch({ side, image, sigma }: MatchProblem, got: ArrayLike<number>): string {
  const { weights, size } = gaussianKernel(sigma);
  const radius = (size - 1) / 2;
  let worst = 0;
  for (let i = 0; i < side * side; i += 997) {
    const [x, y] = [i % side, Math.floor(i / side)];
    if (x < radius || y < radius || x >= side - radius || y >= side - radius) continue;
    let [sum, share] = [0, 0];
    for (let v = -radius; v <= radius; v++)
      for (let u = -radius; u <= radius; u++) {
        const value = image[(y + v) * side + x + u]!;
        const weight = weights[u + radius]! * weights[v + radius]!;
        if (Number.isNaN(value)) continue;
        sum += weight * value;
        share += weight;
      }
    const off = Math.abs(got[i]! - sum / share);
    if (!(off <= 1e-5)) throw new Error(`pixel ${i}: ${got[i]}, off by ${off}, at most 1e-5`);
    worst = Math.max(worst, off);
  }
  return `max error ${worst.toExponential(1)}`;
}
