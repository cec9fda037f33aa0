import { rowMajorStride } from "../../ndarray";

/** A box of an array: from `start` up to but not including `stop`, on each axis. */
export interface Region {
  readonly start: readonly number[];
  readonly stop: readonly number[];
}

/** Sizes of a box. */
export const extentOf = ({ start, stop }: Region): number[] => start.map((from, axis) => stop[axis]! - from);

/** @throws unless the box lies in an array of this shape */
export function checkRegion({ start, stop }: Region, shape: readonly number[], op: string): void {
  const fits = (from: number, axis: number): boolean =>
    Number.isInteger(from) &&
    Number.isInteger(stop[axis]) &&
    from >= 0 &&
    from <= stop[axis]! &&
    stop[axis]! <= shape[axis]!;
  if (start.length !== shape.length || stop.length !== shape.length || !start.every(fits))
    throw new Error(
      `${op}: a region must lie within [${shape.join(", ")}], got [${start.join(", ")}] to [${stop.join(", ")}]`,
    );
}

/**
 * The runs of a box that lie together in an array of this shape: where each begins, and how long all are. Axes at the end that are taken whole
 * join into longer runs.
 */
export function* runsOf(
  region: Region,
  shape: readonly number[],
): Generator<{ readonly at: number; readonly length: number }> {
  const extent = extentOf(region);
  if (extent.includes(0)) return;
  const stride = rowMajorStride(shape);
  let inner = shape.length;
  let length = 1;
  while (inner > 0) {
    inner--;
    length *= extent[inner]!;
    if (extent[inner] !== shape[inner]) break;
  }
  const outer = extent.slice(0, inner);
  const count = outer.reduce((size, n) => size * n, 1);
  const first = region.start.reduce((at, from, axis) => at + from * stride[axis]!, 0);
  for (let run = 0; run < count; run++) {
    let at = first;
    for (let axis = inner - 1, rest = run; axis >= 0; axis--) {
      at += (rest % outer[axis]!) * stride[axis]!;
      rest = Math.floor(rest / outer[axis]!);
    }
    yield { at, length };
  }
}
