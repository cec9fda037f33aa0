import { CELLS, onTable, type Table } from "./contingency";
import type { Host } from "../host";
import type { Labels } from "./labels";

/** Purity = (1/n) Σ_clusters (size of its largest class). Grows with the number of clusters: n clusters score 1. */
export function purity(yTrue: Labels, yPred: Labels): number {
  return onTable("purity", yTrue, yPred, (host, { n, c, cells, cellColumn, cellCount }) => {
    const best = host.u32(c);
    return host.of(CELLS).sum_of_column_maxima(cellColumn.pointer, cellCount.pointer, cells, c, best.pointer) / n;
  });
}

function bbn0(host: Host, { cells, cellColumn, cellCount, columnSizes }: Table): number {
  return host.of(CELLS).sum_of_squares_over_size(cellColumn.pointer, cellCount.pointer, cells, columnSizes.pointer);
}

/**
 * BBN metric: Σ_i Σ_j n_ij² / n_i − Q · (number of predicted clusters), over predicted clusters i and classes j. Between 1 and n for Q = 0.
 * Solomonoff, Mielke, Schmidt, Gish, Clustering speakers by their voices, 1998.
 */
export function bbn(yTrue: Labels, yPred: Labels, { Q = 0 }: { Q?: number } = {}): number {
  return onTable("bbn", yTrue, yPred, (host, table) => bbn0(host, table) - Q * table.c);
}

/** BBN(y, ŷ) / BBN(y, y) at Q = 0, which is BBN / n. A kind of purity: n clusters score 1, so never report it alone. */
export function bbnNorm(yTrue: Labels, yPred: Labels): number {
  return onTable("bbnNorm", yTrue, yPred, (host, table) => bbn0(host, table) / table.n);
}
