import { format } from "../tensor";
import type { Shape } from "../tensor";

/** Up to this many axes are left after neighbours with the same broadcasting have been merged. */
const AXES = 4;

/** The shape of `a` and `b` after broadcasting as NumPy does. @throws when a pair of sizes differs and neither is 1 */
export function broadcastShape(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1];
    if (m !== n && m !== 1 && n !== 1)
      throw new Error(`${op}: shapes must broadcast, got ${format(a)} and ${format(b)}`);
    return m === 1 ? n : m;
  });
}

/** Size of an axis of the result, and element strides of the operands along it: 0 where they broadcast. */
export interface Axis {
  size: number;
  a: number;
  b: number;
}

/** The axes, neighbours merged, outermost first, padded to four. */
export function mergeAxes(op: string, shape: Shape, a: Shape, b: Shape): Axis[] {
  const axes: Axis[] = [];
  const strides = { a: 1, b: 1 };
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    const sizeA = a[axis - shape.length + a.length] ?? 1;
    const sizeB = b[axis - shape.length + b.length] ?? 1;
    const next = { size, a: sizeA === 1 ? 0 : strides.a, b: sizeB === 1 ? 0 : strides.b };
    strides.a *= sizeA;
    strides.b *= sizeB;
    if (size === 1) continue;
    const last = axes[0];
    if (last && next.a === last.a * last.size && next.b === last.b * last.size) last.size *= size;
    else axes.unshift(next);
  }
  if (axes.length > AXES)
    throw new Error(`${op}: broadcasting must alternate over at most ${AXES} axes, got ${format(a)} and ${format(b)}`);
  while (axes.length < AXES) axes.unshift({ size: 1, a: 0, b: 0 });
  return axes;
}
