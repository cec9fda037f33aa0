import { PCA } from "../cluster/pca/pca";
import type { Device } from "../device";
import { toContiguous, toFloat32Matrix } from "../matrix";
import type { MatrixLike } from "../matrix";
import { choice } from "../options";
import type { Rule } from "../options";
import type { Random } from "../random";
import { tensor } from "../tensor";
import type { Grid } from "./grid";
import type { OpenRows } from "./rows";
import { generate } from "../typed-arrays";

/**
 * How a code book begins: `pca` on the plane of the first two principal components about the mean, two standard deviations either way; `random` uniformly
 * between the least and the greatest value of each column; `sample` at rows; or where the caller says, [units, d].
 */
export type CodebookInit = "pca" | "random" | "sample" | MatrixLike;

/** Rows that a beginning looks at, at most. */
const LOOKED_AT = 65_536;

/** Beginnings by name. */
export const INITS: Rule = choice("pca", "random", "sample");

/** A beginning as it is given. */
export const MATRIX: Rule = {
  words: "a matrix",
  holds: (value) => Array.isArray(value) || (typeof value === "object" && value !== null && "shape" in value),
};

/** A beginning as JSON holds it. */
export function keptInit(init: CodebookInit): CodebookInit {
  if (typeof init === "string") return init;
  const { data, shape } = toContiguous(init, "save", "init");
  return { data: Array.from(data as ArrayLike<number>, Number), shape };
}

/** Rows without a masked one, evenly spread over all of them where there are many. */
export async function spreadRows(rows: OpenRows, most = LOOKED_AT): Promise<Float32Array> {
  const { n, d } = rows;
  const pieces = Math.min(64, Math.ceil(n / 1024));
  const length = Math.min(Math.ceil(n / pieces), Math.ceil(most / pieces));
  const kept: number[] = [];
  for (let piece = 0; piece < pieces; piece++) {
    const begin = n <= most ? piece * length : Math.floor((piece * (n - length)) / Math.max(1, pieces - 1));
    const end = Math.min(n, begin + length);
    if (begin >= end) break;
    const read = await rows.read(begin, end);
    for (let i = 0; i < end - begin; i++) {
      const row = read.subarray(i * d, (i + 1) * d);
      if (row.every((value) => value - value === 0)) kept.push(...row);
    }
  }
  return Float32Array.from(kept);
}

/** A code book [units, d] to begin with. @throws when a given one has another shape, or there is no row that is not masked */
export async function initialCodebook(
  op: string,
  init: CodebookInit,
  rows: OpenRows,
  grid: Grid,
  random: Random,
  device: Device,
): Promise<Float64Array> {
  const { d } = rows;
  if (typeof init !== "string") {
    const given = toFloat32Matrix(init, op, "init");
    if (given.shape[0] !== grid.units || given.shape[1] !== d)
      throw new Error(`${op}: init must have the shape [${grid.units}, ${d}], got [${given.shape.join(", ")}]`);
    return Float64Array.from(given.data);
  }
  const looked = await spreadRows(rows);
  const n = looked.length / d;
  if (n === 0) throw new Error(`${op}: every row that was looked at is masked, NaN or infinite`);
  if (init === "pca" && n > 1) return principalPlane(looked, n, d, grid, device);
  if (init === "random") return uniform(looked, d, grid.units, random);
  const order = random.permutation(n);
  return generate(Float64Array, grid.units * d, (at) => {
    const unit = Math.floor(at / d);
    return looked[order[unit % n]! * d + (at % d)]!;
  });
}

function uniform(rows: Float32Array, d: number, units: number, random: Random): Float64Array {
  const low = new Float64Array(d).fill(Infinity);
  const high = new Float64Array(d).fill(-Infinity);
  rows.forEach((value, i) => {
    low[i % d] = Math.min(low[i % d]!, value);
    high[i % d] = Math.max(high[i % d]!, value);
  });
  return generate(Float64Array, units * d, (i) => {
    const c = i % d;
    return low[c]! + (high[c]! - low[c]!) * random.uniform();
  });
}

/** The longer side of the grid lies along the first component. */
async function principalPlane(
  rows: Float32Array,
  n: number,
  d: number,
  grid: Grid,
  device: Device,
): Promise<Float64Array> {
  const x = tensor(device, rows, [n, d]);
  try {
    const pca = await new PCA({ nComponents: Math.min(2, d, n), device }).fit(x);
    const { positions, units, rows: height, columns } = grid;
    const [first, second] = columns >= height ? [0, 1] : [1, 0];
    const span = [0, 1].map((axis) => {
      let most = 0;
      for (let u = 0; u < units; u++) most = Math.max(most, positions[2 * u + axis]!);
      return most;
    });
    const along = (u: number, axis: number): number =>
      span[axis]! > 0 ? (4 * positions[2 * u + axis]!) / span[axis]! - 2 : 0;
    return generate(Float64Array, units * d, (at) => {
      const [u, c] = [Math.floor(at / d), at % d];
      return [first, second].reduce((sum, axis, i) => {
        const variance = pca.explainedVariance[i];
        if (variance === undefined) return sum;
        return sum + along(u, axis) * Math.sqrt(variance) * pca.components.data[i * d + c]!;
      }, pca.mean.data[c]!);
    });
  } finally {
    x.dispose();
  }
}
