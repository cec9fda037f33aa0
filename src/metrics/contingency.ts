import cells from "../../build/host/cells.host.wasm";
import contingencyModule from "../../build/host/contingency.host.wasm";
import { HostModule, onHost, type Host, type HostArray, type HostFunctions } from "../host";
import { NdArray } from "../ndarray";
import { encode, LABELS, type Labels } from "./labels";

/** Functions of wasm/host/contingency.ts. */
const CONTINGENCY = /* @__PURE__ */ new HostModule<HostFunctions<"contingency_cells", number>>(contingencyModule);

/** Functions of wasm/host/cells.ts. */
export const CELLS = /* @__PURE__ */ new HostModule<
  HostFunctions<"sum_of_squares_over_size" | "sum_of_column_maxima", number> &
    HostFunctions<"dense_table", void> &
    HostFunctions<"sum_of_squares", bigint>
>(cells);

/** A contingency table with the labels of its rows and columns. */
export interface Contingency {
  /** n_ij, shape [r, c]: how many samples have row label i and column label j. */
  readonly matrix: NdArray<Float64Array>;
  /** Labels of the rows (true classes). */
  readonly rows: number[];
  /** Labels of the columns (predicted clusters). */
  readonly columns: number[];
}

/** The non-zero cells of a contingency table in the host's memory: what the metrics sum over, whatever the number of clusters. */
export interface Table {
  readonly n: number;
  readonly r: number;
  readonly c: number;
  readonly rowLabels: HostArray<Float64Array>;
  readonly columnLabels: HostArray<Float64Array>;
  readonly rowSizes: HostArray<Uint32Array>;
  readonly columnSizes: HostArray<Uint32Array>;
  /** How many cells are not zero. */
  readonly cells: number;
  readonly cellRow: HostArray<Uint32Array>;
  readonly cellColumn: HostArray<Uint32Array>;
  readonly cellCount: HostArray<Uint32Array>;
}

/** Where every cell must be held, zeros too, there are at most this many: 1 GiB. */
const MAX_CELLS = 2 ** 27;

/** Counts two labellings of the same samples and hands the table to `use`. Throws `op: …` for arrays of different length. */
export function onTable<R>(op: string, yTrue: Labels, yPred: Labels, use: (host: Host, table: Table) => R): R {
  return onHost((host) => {
    const rows = encode(host, yTrue, op, "yTrue");
    const columns = encode(host, yPred, op, "yPred");
    const { n, k: r } = rows;
    const c = columns.k;
    if (n !== columns.n) throw new Error(`${op}: label arrays must be of one length, got ${n} and ${columns.n}`);
    const starts = host.u32(r + 1);
    const order = host.u32(n);
    host.of(LABELS).group_order(rows.codes.pointer, n, r, starts.pointer, order.pointer);
    const columnSizes = host.u32(c);
    const mark = host.u32(c);
    const [cellRow, cellColumn, cellCount] = [1, 2, 3].map(() => host.u32(Math.min(n, r * c))) as [
      HostArray<Uint32Array>,
      HostArray<Uint32Array>,
      HostArray<Uint32Array>,
    ];
    const cells = host
      .of(CONTINGENCY)
      .contingency_cells(
        ...[starts.pointer, order.pointer, r, columns.codes.pointer, c],
        ...[columnSizes.pointer, mark.pointer, cellRow.pointer, cellColumn.pointer, cellCount.pointer],
      );
    const begins = starts.view;
    const rowSizes = host.u32(begins.subarray(1).map((end, i) => end - begins[i]!));
    const labels = { rowLabels: rows.distinct, columnLabels: columns.distinct };
    return use(host, { n, r, c, ...labels, rowSizes, columnSizes, cells, cellRow, cellColumn, cellCount });
  });
}

/** Are the two labellings the same up to the names of the labels? */
export function isSamePartition({ r, c, cells }: Table): boolean {
  return r === c && r === cells;
}

/** scale · n_ij with the zeros: [r, c], or transposed [c, r]. Throws `op: …` for a table too large to hold. */
export function denseTable(
  op: string,
  host: Host,
  table: Table,
  scale = 1,
  transposed = false,
): HostArray<Float64Array> {
  const { r, c, cells, cellRow, cellColumn, cellCount } = table;
  if (r * c > MAX_CELLS) throw new Error(`${op}: labels must make at most ${MAX_CELLS} cells, got ${r} x ${c}`);
  const dense = host.f64(r * c);
  const [rowStride, columnStride] = transposed ? [1, r] : [c, 1];
  host
    .of(CELLS)
    .dense_table(
      ...[cellRow.pointer, cellColumn.pointer, cellCount.pointer, cells],
      ...[dense.pointer, r * c, rowStride, columnStride, scale],
    );
  return dense;
}

/** The labels of a table's rows and columns, copied. */
export function tableLabels({ r, c, rowLabels, columnLabels }: Table): { rows: number[]; columns: number[] } {
  return { rows: [...rowLabels.view.subarray(0, r)], columns: [...columnLabels.view.subarray(0, c)] };
}

/**
 * Contingency table of two labellings [n]: n_ij samples of true label i and predicted label j, both ascending.
 * Throws for arrays of different length, without elements or with values that are not integers.
 */
export function contingency(yTrue: Labels, yPred: Labels): Contingency {
  return onTable("contingency", yTrue, yPred, (host, table) => {
    const matrix = denseTable("contingency", host, table).view.slice();
    return { matrix: new NdArray(matrix, [table.r, table.c]), ...tableLabels(table) };
  });
}
