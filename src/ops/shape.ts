import { record } from "../graph";
import { format, sizeOf, view } from "../tensor";
import type { Shape, Tensor } from "../tensor";

/** The same elements under another shape, sharing memory; one size may be −1. @throws when the sizes do not multiply out */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const full = shape.map((size) => (size === -1 ? x.size / known : size));
  if (shape.filter((size) => size === -1).length > 1 || !full.every(Number.isInteger) || sizeOf(full) !== x.size)
    throw new Error(`reshape: ${format(x)} has ${x.size} elements, it cannot become ${format(shape)}`);
  return record("reshape", view(x, full), [x], (dy) => [() => view(dy, x.shape)]);
}

/** From the given axis on, all axes in one. */
export const flatten = (x: Tensor, from = 1): Tensor =>
  reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from))]);
