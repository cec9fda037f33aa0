import type { Estimator } from "../../methods";
import { CSOM, SOM, uMatrix } from "../../som";

/** The units of a map as they lie, and how far they are from those beside them. */
export interface UnitGrid {
  readonly rows: number;
  readonly columns: number;
  readonly topology: "rectangular" | "hexagonal";
  /** Mean distance to the neighbours, [units]. */
  readonly uMatrix: ArrayLike<number>;
}

/** The layer of a stack that is shown: the topmost, or the first while it is trained. */
export function shownLayer(stack: CSOM): number {
  const top = stack.layers.length - 1;
  try {
    stack.hits(top);
    return top;
  } catch {
    return 0;
  }
}

/** The units of a self-organising map, or of a layer of a stack, also while it is trained; undefined of others. @throws before there is a map */
export function unitGrid(estimator: Estimator): UnitGrid | undefined {
  if (estimator instanceof SOM) {
    const { rows, columns, topology } = estimator.settings;
    return { rows, columns, topology, uMatrix: estimator.uMatrix().mean };
  }
  if (!(estimator instanceof CSOM)) return undefined;
  const layer = shownLayer(estimator);
  const { grid } = estimator.layers[layer]!;
  const { rows, columns } = grid;
  return { rows, columns, topology: "rectangular", uMatrix: uMatrix(estimator.codebook(layer).data, grid).mean };
}
