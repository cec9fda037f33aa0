import { record } from "../graph";
import { isWhole } from "../checks";
import type { Device } from "../device";
import * as kernels from "../kernels/indexing";
import { empty, format, run, sizeOf } from "../tensor";
import type { Shape, Tensor } from "../tensor";
import { reshape } from "./shape";

/** Axes that are left after neighbours have been merged. */
const AXES = 6;

/** A box of elements to copy from x to y: its sizes, the strides of either side along it, and the elements to begin at. */
interface Box {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly sizes: Shape;
  readonly xStrides: Shape;
  readonly yStrides: Shape;
  readonly xFirst?: number;
  readonly yFirst?: number;
}

interface Axis {
  size: number;
  x: number;
  y: number;
}

/** Row-major strides of a shape, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** The axes of a box, outermost first, neighbours merged where both sides run on from one to the next. */
function mergeAxes(sizes: Shape, xStrides: Shape, yStrides: Shape): Axis[] {
  const axes: Axis[] = [];
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const next = { size, x: xStrides[i]!, y: yStrides[i]! };
    const last = axes[axes.length - 1];
    if (last && last.x === size * next.x && last.y === size * next.y)
      axes[axes.length - 1] = { ...next, size: size * last.size };
    else axes.push(next);
  });
  return axes;
}

/** Copies a box. @throws when more than six axes are left after merging */
export function copyBox({ x, y, sizes, xStrides, yStrides, xFirst = 0, yFirst = 0 }: Box): void {
  const axes = mergeAxes(sizes, xStrides, yStrides);
  if (axes.length > AXES)
    throw new Error(`copy: more than ${AXES} axes are left after merging, sizes ${format(sizes)} of ${format(x)}`);
  while (axes.length < AXES) axes.unshift({ size: 1, x: 0, y: 0 });
  const [a0, a1, a2, a3, a4, a5] = axes as [Axis, Axis, Axis, Axis, Axis, Axis];
  run(kernels.copy, {
    x,
    y,
    n: sizeOf(sizes),
    d1: a1.size,
    d2: a2.size,
    d3: a3.size,
    d4: a4.size,
    d5: a5.size,
    x_first: xFirst,
    x0: a0.x,
    x1: a1.x,
    x2: a2.x,
    x3: a3.x,
    x4: a4.x,
    x5: a5.x,
    y_first: yFirst,
    y0: a0.y,
    y1: a1.y,
    y2: a2.y,
    y3: a3.y,
    y4: a4.y,
    y5: a5.y,
  });
}

const word = new Float32Array(1);

/** A float32 tensor with every element the same, filled on the device. */
export function full(device: Device, shape: Shape, value: number): Tensor {
  const y = empty(device, shape, "f32", "full");
  fillWith(y, value);
  return y;
}

/** A float32 tensor of zeros. */
export const zeros = (device: Device, shape: Shape): Tensor => full(device, shape, 0);

/** A float32 tensor of ones. */
export const ones = (device: Device, shape: Shape): Tensor => full(device, shape, 1);

/** Overwrites every element. */
export function fillWith(y: Tensor, value: number): void {
  word[0] = value;
  const bits = y.dtype === "f32" ? new Uint32Array(word.buffer)[0]! : value;
  run(kernels.fill, { y, n: y.size, bits });
}

const dot = (a: Shape, b: Shape): number => a.reduce((total, value, i) => total + value * b[i]!, 0);

function sliceBox(x: Tensor, start: Shape, sizes: Shape): Tensor {
  const y = empty(x.device, sizes, x.dtype, "slice");
  const xStrides = contiguousStrides(x.shape);
  copyBox({ x, y, sizes, xStrides, yStrides: contiguousStrides(sizes), xFirst: dot(start, xStrides) });
  return y;
}

function padBox(x: Tensor, before: Shape, shape: Shape, value: number): Tensor {
  const y = empty(x.device, shape, x.dtype, "pad");
  if (y.size > x.size) fillWith(y, value);
  const yStrides = contiguousStrides(shape);
  copyBox({ x, y, sizes: x.shape, xStrides: contiguousStrides(x.shape), yStrides, yFirst: dot(before, yStrides) });
  return y;
}

/**
 * The box start ≤ i < end of x. Axes that the lists leave out are taken whole; negative bounds count from the end.
 * @throws when the box is not within x
 */
export function slice(x: Tensor, start: readonly number[], end: readonly number[]): Tensor {
  const bound = (list: readonly number[], axis: number, size: number): number => {
    const value = list[axis] ?? size;
    return value < 0 ? value + x.shape[axis]! : value;
  };
  const from = x.shape.map((_, axis) => bound(start, axis, 0));
  const to = x.shape.map((size, axis) => bound(end, axis, size));
  const fits = x.shape.every((size, axis) => from[axis]! >= 0 && from[axis]! <= to[axis]! && to[axis]! <= size);
  if (start.length > x.rank || end.length > x.rank || !fits)
    throw new Error(`slice: ${format(start)} to ${format(end)} is not within ${format(x)}`);
  const sizes = from.map((first, axis) => to[axis]! - first);
  return record("slice", sliceBox(x, from, sizes), [x], (dy) => [() => padBox(dy, from, x.shape, 0)]);
}

/**
 * x with `value` around it: `pads` has [before, after] for each axis.
 * @throws when there is not one pair of whole numbers for each axis
 */
export function pad(x: Tensor, pads: readonly (readonly [number, number])[], value = 0): Tensor {
  if (pads.length !== x.rank || !pads.flat().every((size) => isWhole(size, 0)))
    throw new Error(
      `pad: pads must be one pair of whole numbers an axis, got ${JSON.stringify(pads)} for shape ${format(x)}`,
    );
  const before = pads.map(([size]) => size);
  const shape = x.shape.map((size, axis) => before[axis]! + size + pads[axis]![1]);
  return record("pad", padBox(x, before, shape, value), [x], (dy) => [() => sliceBox(dy, before, x.shape)]);
}

function normalizeAxis(op: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!isWhole(normal, 0, rank - 1)) throw new Error(`${op}: the axis must be within the rank ${rank}, got ${axis}`);
  return normal;
}

/** Tensors one after the other along an axis. @throws when other sizes or types differ, or there is no tensor */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (!first) throw new Error("concat: tensors must be one or more, got none");
  const along = normalizeAxis("concat", axis, first.rank);
  for (const tensor of tensors)
    if (
      tensor.rank !== first.rank ||
      tensor.dtype !== first.dtype ||
      !tensor.shape.every((size, i) => i === along || size === first.shape[i])
    )
      throw new Error(
        `concat: sizes other than along axis ${along} and types must agree, got ${first.dtype} ${format(first)} and ${tensor.dtype} ${format(tensor)}`,
      );
  const total = tensors.reduce((sum, tensor) => sum + tensor.shape[along]!, 0);
  const shape = first.shape.map((size, i) => (i === along ? total : size));
  const y = empty(first.device, shape, first.dtype, "concat");
  const yStrides = contiguousStrides(shape);
  const starts: number[] = [];
  let start = 0;
  for (const x of tensors) {
    copyBox({ x, y, sizes: x.shape, xStrides: contiguousStrides(x.shape), yStrides, yFirst: start * yStrides[along]! });
    starts.push(start);
    start += x.shape[along]!;
  }
  const box = (i: number): number[] => shape.map((_, axis) => (axis === along ? starts[i]! : 0));
  return record("concat", y, tensors, (dy) => tensors.map((x, i) => () => sliceBox(dy, box(i), x.shape)));
}

/** Tensors of one shape along a new axis. @throws when shapes differ */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const rank = (tensors[0]?.rank ?? 0) + 1;
  const at = normalizeAxis("stack", axis, rank);
  return concat(
    tensors.map((x) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])),
    at,
  );
}

/** Where the merged axes are [batch, j, i] of x [batch, i, j], the tiled kernel; else a strided copy. */
function permute(x: Tensor, perm: readonly number[]): Tensor {
  const shape = perm.map((axis) => x.shape[axis]!);
  const strides = contiguousStrides(x.shape);
  const xStrides = perm.map((axis) => strides[axis]!);
  const y = empty(x.device, shape, x.dtype, "transpose");
  const yStrides = contiguousStrides(shape);
  const axes = mergeAxes(shape, xStrides, yStrides);
  const [inner, outer, batch] = [...axes].reverse();
  const swapped = axes.length <= 3 && inner && outer && outer.x === 1 && inner.x === outer.size;
  if (swapped && (!batch || batch.x === inner.size * outer.size))
    run(kernels.transpose, { x, y, batch: batch?.size ?? 1, rows: inner.size, columns: outer.size });
  else copyBox({ x, y, sizes: shape, xStrides, yStrides });
  return y;
}

/**
 * The axes of x in another order: axis i of y is axis perm[i] of x; by default all reversed. (`matmul` takes transposed
 * operands as they are.) @throws when perm does not name each axis once
 */
export function transpose(x: Tensor, perm: readonly number[] = x.shape.map((_, axis) => x.rank - 1 - axis)): Tensor {
  if (perm.length !== x.rank || ![...perm].sort((a, b) => a - b).every((axis, i) => axis === i))
    throw new Error(`transpose: perm must name each axis once, got ${format(perm)} for shape ${format(x)}`);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return record("transpose", permute(x, perm), [x], (dy) => [() => permute(dy, inverse)]);
}
