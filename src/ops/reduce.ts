import { codes } from "../../kernels/reduction/reduce.wgsl";
import { record } from "../graph";
import * as kernels from "../kernels/reduction";
import { empty, format, run, view } from "../tensor";
import type { Shape, Tensor } from "../tensor";
import { broadcastTo, div, equal, mul, scale } from "./elementwise";

const REDUCE = { sum: codes.SUM, max: codes.MAX, min: codes.MIN } as const;
type Reduction = keyof typeof REDUCE;

/** Rows that one workgroup or thread reduces in one go; longer axes take two passes, which also keeps float32 sums accurate. */
const CHUNK = 1024;

/** One pass over axis 1 of x as [outer, n, inner]. */
function pass(op: Reduction, x: Tensor, outer: number, n: number, inner: number, factor: number): Tensor {
  const chunks = n > 2 * CHUNK ? Math.ceil(n / CHUNK) : 1;
  const length = Math.ceil(n / chunks);
  const columns = inner === 1 ? 1 : Math.min(64, 2 ** Math.ceil(Math.log2(inner)));
  const y = empty(x.device, [outer, chunks, inner], "f32", op);
  run(kernels.reduce, {
    x,
    y,
    outer,
    n,
    inner,
    chunks,
    length,
    columns,
    op: REDUCE[op],
    scale: chunks === 1 ? factor : 1,
  });
  return chunks === 1 ? y : pass(op, y, outer, chunks, inner, factor);
}

/** Axes as non-negative, ascending numbers; `null` is all of them. */
function normalizeAxes(op: string, x: Tensor, axes: Axes): number[] {
  if (axes === null) return x.shape.map((_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  const normal = list.map((axis) => (axis < 0 ? axis + x.rank : axis));
  if (normal.some((axis) => !(axis >= 0 && axis < x.rank)) || new Set(normal).size !== normal.length)
    throw new Error(`${op}: axes must be distinct and within the rank, got ${format(list)} for shape ${format(x)}`);
  return normal.sort((a, b) => a - b);
}

/** Reduces runs of neighbouring axes, last run first, so that each pass sees [outer, n, inner]. */
function reduceAxes(op: Reduction, x: Tensor, axes: number[], factor: number): Tensor {
  let y = x;
  const shape: number[] = [...x.shape];
  let end = axes.length;
  while (end > 0) {
    let begin = end - 1;
    while (begin > 0 && axes[begin - 1] === axes[begin]! - 1) begin--;
    const [first, last] = [axes[begin]!, axes[end - 1]!];
    const product = (sizes: number[]): number => sizes.reduce((a, b) => a * b, 1);
    const n = product(shape.slice(first, last + 1));
    y = pass(op, y, product(shape.slice(0, first)), n, product(shape.slice(last + 1)), begin === 0 ? factor : 1);
    shape.fill(1, first, last + 1);
    end = begin;
  }
  return y;
}

const reducedShape = (x: Tensor, axes: number[], keepDims: boolean): Shape =>
  x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [size]));

/** One axis, several, or `null` for all. Negative axes count from the end. */
export type Axes = number | readonly number[] | null;

function reduced(op: Reduction, x: Tensor, axes: number[], keepDims: boolean, factor: number): Tensor {
  const flat = axes.length === 0 ? scale(x, factor) : reduceAxes(op, x, axes, factor);
  return view(flat, reducedShape(x, axes, keepDims));
}

const countOf = (x: Tensor, axes: number[]): number => axes.reduce((product, axis) => product * x.shape[axis]!, 1);

/** Σ x over axes, in float32 with partial sums of 1,024. */
export function sum(x: Tensor, axes: Axes = null, keepDims = false): Tensor {
  const list = normalizeAxes("sum", x, axes);
  const kept = reducedShape(x, list, true);
  return record("sum", reduced("sum", x, list, keepDims, 1), [x], (dy) => [() => broadcastTo(view(dy, kept), x.shape)]);
}

/** Σ x / count over axes. @throws when there is nothing to average */
export function mean(x: Tensor, axes: Axes = null, keepDims = false): Tensor {
  const list = normalizeAxes("mean", x, axes);
  const count = countOf(x, list);
  if (count === 0) throw new Error(`mean: nothing to average, shape ${format(x)}`);
  const kept = reducedShape(x, list, true);
  return record("mean", reduced("sum", x, list, keepDims, 1 / count), [x], (dy) => [
    () => broadcastTo(scale(view(dy, kept), 1 / count), x.shape),
  ]);
}

function extremum(op: "max" | "min", x: Tensor, axes: Axes, keepDims: boolean): Tensor {
  const list = normalizeAxes(op, x, axes);
  if (countOf(x, list) === 0) throw new Error(`${op}: nothing to compare, shape ${format(x)}`);
  const kept = reducedShape(x, list, true);
  const y = reduced(op, x, list, keepDims, 1);
  return record(op, y, [x], (dy) => [
    () => {
      const ties = equal(x, view(y, kept));
      return mul(ties, div(view(dy, kept), sum(ties, list, true)));
    },
  ]);
}

/** The largest x over axes; where several are equal the gradient is shared among them. */
export const max = (x: Tensor, axes: Axes = null, keepDims = false): Tensor => extremum("max", x, axes, keepDims);
/** The smallest x over axes; where several are equal the gradient is shared among them. */
export const min = (x: Tensor, axes: Axes = null, keepDims = false): Tensor => extremum("min", x, axes, keepDims);

/** x summed over the axes along which `shape` broadcasts to it: the inverse of broadcasting, for gradients. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const added = x.rank - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  );
  return view(axes.length === 0 ? x : reduceAxes("sum", x, axes, 1), shape);
}
