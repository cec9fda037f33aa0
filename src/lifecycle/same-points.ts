// Whether a fit that goes on is given the points that it stood amid.
import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { SparseMatrix } from "../sparse";
import { Tensor } from "../tensor";
import { generate } from "../typed-arrays";
import { hashOf, LOOKED_AT } from "./hash";

/** The points that a fit is of. */
export interface PointsOf {
  readonly n: number;
  /** Columns, where the fit is not of a graph. */
  readonly d?: number;
  /** Of some of their values; a file of before there was one has none. */
  readonly hash?: number | undefined;
}

/** Numbers of the rows that tell n points from others. */
export function rowsLookedAt(n: number): Uint32Array<ArrayBuffer> {
  const step = Math.max(1, Math.ceil(n / LOOKED_AT));
  const rows = new Uint32Array(Math.ceil(n / step));
  for (let i = 0; i < rows.length; i++) rows[i] = i * step;
  return rows;
}

/** How many points x are, of how many columns, and a hash of some of their rows as they are given, or of a graph's weights. */
export async function pointsOf(x: MatrixLike | Tensor | SparseMatrix, op: string): Promise<PointsOf> {
  if (x instanceof SparseMatrix) return { n: x.shape[0], hash: hashOf(x.data, x.size) };
  const { data, shape } = x instanceof Tensor ? { data: await x.data(), shape: x.shape } : toContiguous(x, op, "x");
  const [n = 0, d = 1] = shape;
  const rows = rowsLookedAt(n);
  const some = generate(Float64Array, rows.length * d, (i) => Number(data[rows[Math.floor(i / d)]! * d + (i % d)]!));
  return { n, d, hash: hashOf(some) };
}

/** @throws `op: …` unless those may be the points `before`, which a fit goes on with */
export function checkSamePoints(op: string, before: PointsOf, now: PointsOf): void {
  const d = before.d === undefined ? undefined : now.d;
  const words = (...sizes: (number | undefined)[]): string => `[${sizes.filter((of) => of !== undefined).join(", ")}]`;
  const rule = `${op}: a fit goes on with the same points`;
  if (now.n !== before.n || d !== before.d)
    throw new Error(`${rule}, ${words(before.n, before.d)} before, ${words(now.n, d)} now`);
  if (before.hash !== undefined && now.hash !== before.hash) throw new Error(`${rule}, got others of the same size`);
}
