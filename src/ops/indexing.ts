import { record } from "../graph";
import * as kernels from "../kernels/indexing";
import { empty, format, indices, run, sameShape, sizeOf, Tensor } from "../tensor";
import type { Shape, TypedArray } from "../tensor";
import { contiguousStrides, copyBox, zeros } from "./layout";

/** Row numbers: a u32 tensor on the device, or an array on the host, which is checked. */
export type Index = Tensor | TypedArray | readonly number[];

const rowShape = (x: Tensor): Shape => x.shape.slice(1);

/** The index on x's device. @throws when it is no u32 tensor, or, for host arrays, when an element is not a row of x */
function indexTensor(op: string, x: Tensor, index: Index): Tensor {
  const rows = x.shape[0];
  if (rows === undefined) throw new Error(`${op}: a scalar has no rows, shape ${format(x)}`);
  if (index instanceof Tensor) {
    if (index.dtype !== "u32")
      throw new Error(`${op}: the index must be a u32 tensor as indices() makes one, got ${index.dtype}`);
    return index;
  }
  for (let i = 0; i < index.length; i++) {
    const row = index[i]!;
    if (!(row >= 0 && row < rows)) throw new Error(`${op}: indices must be from 0 to ${rows - 1}, got ${row} at ${i}`);
  }
  return indices(x.device, index);
}

/** Frees an index made here of a host array, unless the gradient will want it. */
function release(made: Tensor, given: Index, y: Tensor): void {
  if (made !== given && !y.node) made.dispose();
}

/** NaN, and the largest word for integers: what marks rows that an index on the device asked for in vain. */
const outsideWord = (x: Tensor): number => (x.dtype === "f32" ? 0x7fc00000 : 0xffffffff);

function gather(x: Tensor, index: Tensor): Tensor {
  const width = sizeOf(rowShape(x));
  const y = empty(x.device, [...index.shape, ...rowShape(x)], x.dtype, "gatherRows");
  run(kernels.gatherRows, { x, index, y, m: index.size, n: x.shape[0]!, width, outside: outsideWord(x) });
  return y;
}

/** Adds in place. A lane owns (row mod owners, column), so the more owners the more lanes, each of which reads the whole index. */
function scatterAdd(y: Tensor, index: Tensor, src: Tensor): void {
  const [n = 0] = y.shape;
  const width = sizeOf(rowShape(y));
  if (width === 0 || n === 0) return;
  const columns = Math.min(64, 2 ** Math.ceil(Math.log2(width)));
  const lanes = Math.ceil(width / columns) * columns;
  const owners = Math.min(n, Math.max(1, Math.floor(16384 / lanes)));
  run(kernels.scatterAddRows, { index, src, y, m: index.size, n, width, columns, owners, outside: NaN });
}

/**
 * Rows of x by number: y[i, …] = x[index[i], …], x [n, …], index [m] → y [m, …]; an index of more axes gives y those axes. x may
 * hold labels (u32). The gradient is an ordered `scatterAddRows`.
 * @throws when an element of a host array is not a row of x. An index on the device cannot be checked without waiting: a row
 * asked for in vain is NaN (for labels 4294967295).
 */
export function gatherRows(x: Tensor, index: Index): Tensor {
  const rows = indexTensor("gatherRows", x, index);
  const y = record("gatherRows", gather(x, rows), [x], (dy) => [
    () => {
      const dx = zeros(x.device, x.shape);
      scatterAdd(dx, rows, dy);
      return dx;
    },
  ]);
  release(rows, index, y);
  return y;
}

/**
 * A copy of base with rows added to it: y[index[i], …] += src[i, …] for i = 0, 1, … in this order, so that repeated rows give
 * the same sum in every run; base [n, …], index [m], src [m, …]. Cost: on a GPU up to 16,384 lanes read the m indices, on the
 * CPU each thread does, and each row of src is added once; m to several 10⁴ is what it is made for.
 * @throws when shapes do not fit, or an element of a host array is not a row of base. An index on the device that is out of
 * range turns the first row into NaN.
 */
export function scatterAddRows(base: Tensor, index: Index, src: Tensor): Tensor {
  const wanted = [...(index instanceof Tensor ? index.shape : [index.length]), ...rowShape(base)];
  if (!sameShape(src.shape, wanted))
    throw new Error(`scatterAddRows: src must be ${format(wanted)} for base ${format(base)}, got ${format(src)}`);
  const rows = indexTensor("scatterAddRows", base, index);
  const y = empty(base.device, base.shape, "f32", "scatterAddRows");
  const strides = contiguousStrides(base.shape);
  copyBox({ x: base, y, sizes: base.shape, xStrides: strides, yStrides: strides });
  scatterAdd(y, rows, src);
  record("scatterAddRows", y, [base, src], (dy) => [() => dy, () => gather(dy, rows)]);
  release(rows, index, y);
  return y;
}
