import { checkChoice } from "../checks";
import type { Host } from "../host";
import { NdArray } from "../ndarray";
import { denseTable, isSamePartition, onTable, tableLabels, type Contingency, type Table } from "./contingency";
import { assign, ASSIGNMENT } from "./hungarian";
import type { Labels } from "./labels";

/** How clusters are matched to classes: with the most matched samples, or as the learning-to-cluster experiments did. */
export type Matching = "optimal" | "greedy";

/** The column of each row in the assignment with the most matched samples; only min(r, c) rows have one. */
function match(op: string, host: Host, table: Table): Map<number, number> {
  const { r, c } = table;
  const wide = r <= c;
  const cost = denseTable(op, host, table, -1, !wide);
  const assigned = assign(host, cost, Math.min(r, c), Math.max(r, c));
  return new Map(Array.from(assigned, (to, from) => (wide ? [from, to] : [to, from])));
}

/** How many samples the optimal assignment matches. */
function matched(op: string, host: Host, table: Table): number {
  if (isSamePartition(table)) return table.n;
  const columnOfRow = match(op, host, table);
  const [rows, columns, counts] = [table.cellRow.view, table.cellColumn.view, table.cellCount.view];
  let sum = 0;
  for (let p = 0; p < table.cells; p++) if (columnOfRow.get(rows[p]!) === columns[p]) sum += counts[p]!;
  return sum;
}

/** The codes of labels in the order in which CPython walks a set of them: 0, 1, 2, …, then the negative ones. */
function setOrder(labels: Float64Array): number[] {
  const codes = Array.from(labels, (_, code) => code);
  return [...codes.filter((code) => labels[code]! >= 0), ...codes.filter((code) => labels[code]! < 0)];
}

function greedilyMatched(op: string, host: Host, table: Table): number {
  const { r, c, rowLabels, columnLabels, columnSizes } = table;
  const dense = denseTable(op, host, table);
  const rowOrder = host.u32(setOrder(rowLabels.view.subarray(0, r)));
  const columnOrder = host.u32(setOrder(columnLabels.view.subarray(0, c)));
  const scratch = [host.u32(c), host.u32(r), host.f64(r)].map((array) => array.pointer);
  const { pointer } = dense;
  return host
    .of(ASSIGNMENT)
    .greedy_matches(pointer, r, c, columnSizes.pointer, rowOrder.pointer, columnOrder.pointer, ...scratch);
}

/**
 * Clustering accuracy ACC = max over one-to-one maps of clusters to classes of the share of samples whose cluster maps to their class.
 * Hungarian method on the rectangular contingency table; with unequal numbers the surplus clusters or classes match nothing.
 * yTrue, yPred [n]: integers, whatever their names. Throws for arrays of different length and for more than 2^27 pairs of labels.
 * Xie, Girshick, Farhadi, Unsupervised Deep Embedding for Clustering Analysis, 2016, eq. 10.
 */
export function accuracy(yTrue: Labels, yPred: Labels): number {
  return onTable("accuracy", yTrue, yPred, (host, table) => matched("accuracy", host, table) / table.n);
}

/**
 * Misclassification rate MR = 1 - share of matched samples.
 * `matching: "optimal"` (default) gives 1 - ACC. `"greedy"` reproduces the figures of Meier, Learning to Cluster: first each class, in
 * order of its label, takes the last cluster of which it owns more than half (to be exact: a candidate replaces the best one so far when
 * its *size* exceeds that one's shared count); then the other classes, by the entropy of the clusters still free, take the one with the
 * largest share of theirs. It is at least 1 - ACC.
 */
export function misclassificationRate(
  yTrue: Labels,
  yPred: Labels,
  { matching = "optimal" }: { matching?: Matching } = {},
): number {
  const op = "misclassificationRate";
  checkChoice(op, { matching }, ["optimal", "greedy"]);
  const count = matching === "greedy" ? greedilyMatched : matched;
  return onTable(op, yTrue, yPred, (host, table) => (table.n - count(op, host, table)) / table.n);
}

/**
 * Contingency table for display: columns (clusters) in the order in which the optimal assignment puts each cluster's matches on the
 * diagonal; the clusters without a class follow, larger ones first.
 */
export function confusionMatrix(yTrue: Labels, yPred: Labels): Contingency {
  return onTable("confusionMatrix", yTrue, yPred, (host, table) => {
    const { r, c } = table;
    const columnOfRow = match("confusionMatrix", host, table);
    const sizes = table.columnSizes.view;
    const order = Array.from({ length: r }, (_, i) => columnOfRow.get(i)).filter((column) => column !== undefined);
    const used = new Set(order);
    const free = Array.from({ length: c }, (_, j) => j).filter((j) => !used.has(j));
    order.push(...free.sort((a, b) => sizes[b]! - sizes[a]! || a - b));
    const { view } = denseTable("confusionMatrix", host, table);
    const matrix = new Float64Array(r * c);
    order.forEach((from, to) => {
      for (let i = 0; i < r; i++) matrix[i * c + to] = view[i * c + from]!;
    });
    const { rows, columns } = tableLabels(table);
    return { matrix: new NdArray(matrix, [r, c]), rows, columns: order.map((j) => columns[j]!) };
  });
}
