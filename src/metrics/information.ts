import expectation from "../../build/host/expectation.host.wasm";
import module from "../../build/host/information.host.wasm";
import { HostModule, onHost, type Host, type HostArray, type HostFunctions } from "../host";
import { isSamePartition, onTable, type Table } from "./contingency";
import { encode, LABELS, type Labels } from "./labels";

/** Functions of wasm/host/information.ts. */
const INFORMATION = /* @__PURE__ */ new HostModule<HostFunctions<"entropy" | "mutual_information", number>>(module);

/** Functions of wasm/host/expectation.ts. */
const EXPECTATION = /* @__PURE__ */ new HostModule<
  HostFunctions<"distinct_sizes" | "expected_mutual_information", number>
>(expectation);

const MEANS: Readonly<Record<Average, (a: number, b: number) => number>> = {
  arithmetic: (a: number, b: number) => (a + b) / 2,
  geometric: (a: number, b: number) => Math.sqrt(a * b),
  min: Math.min,
  max: Math.max,
};

/** How the two entropies are averaged where mutual information is normalised. */
export type Average = "arithmetic" | "geometric" | "min" | "max";

function meanOf(op: string, average: Average): (a: number, b: number) => number {
  const mean = Object.hasOwn(MEANS, average) ? MEANS[average] : undefined;
  if (!mean) throw new Error(`${op}: average must be ${Object.keys(MEANS).join(", ")}, got ${JSON.stringify(average)}`);
  return mean;
}

function entropyOfRows(host: Host, { rowSizes, r, n }: Table): number {
  return host.of(INFORMATION).entropy(rowSizes.pointer, r, n);
}

function entropyOfColumns(host: Host, { columnSizes, c, n }: Table): number {
  return host.of(INFORMATION).entropy(columnSizes.pointer, c, n);
}

/** MI in nats; rounding noise of independent labellings is 0. */
function information(host: Host, table: Table): number {
  const { cells, cellRow, cellColumn, cellCount, rowSizes, columnSizes, n } = table;
  if (table.r === 1 || table.c === 1) return 0;
  const { pointer } = cellRow;
  const arrays = [cellColumn.pointer, cellCount.pointer, cells, rowSizes.pointer, columnSizes.pointer];
  const mi = host.of(INFORMATION).mutual_information(pointer, ...arrays, n);
  return mi > Number.EPSILON ? mi : 0;
}

function expectedInformation(host: Host, { rowSizes, r, columnSizes, c, n }: Table): number {
  const histogram = host.u32(n + 1);
  const distinct = (sizes: HostArray<Uint32Array>, k: number): [number, number, number] => {
    const values = host.u32(k);
    const times = host.u32(k);
    const count = host
      .of(EXPECTATION)
      .distinct_sizes(sizes.pointer, k, n, histogram.pointer, values.pointer, times.pointer);
    return [values.pointer, times.pointer, count];
  };
  return host.of(EXPECTATION).expected_mutual_information(...distinct(rowSizes, r), ...distinct(columnSizes, c), n);
}

/** Entropy H = −Σ_i p_i ln p_i of the shares p_i of the labels, in nats. */
export function entropy(labels: Labels): number {
  return onHost((host) => {
    const { codes, n, k } = encode(host, labels, "entropy", "labels");
    const starts = host.u32(k + 1);
    host.of(LABELS).group_order(codes.pointer, n, k, starts.pointer, host.u32(n).pointer);
    const begins = starts.view;
    const sizes = host.u32(begins.subarray(1).map((end, i) => end - begins[i]!));
    return host.of(INFORMATION).entropy(sizes.pointer, k, n);
  });
}

/** Mutual information MI = Σ_ij n_ij/n ln(n n_ij / (a_i b_j)) in nats; a_i, b_j are the sizes of the classes and clusters. */
export function mutualInformation(yTrue: Labels, yPred: Labels): number {
  return onTable("mutualInformation", yTrue, yPred, information);
}

/**
 * Normalized mutual information MI / mean(H(yTrue), H(yPred)), 0 … 1. `average` names the mean: "arithmetic" (default, as in scikit-learn
 * since 0.22; the V-measure), "geometric" (as before, and in most papers on deep clustering up to 2019), "min" or "max".
 * 1 where both have one label, 0 where MI is 0.
 */
export function nmi(yTrue: Labels, yPred: Labels, { average = "arithmetic" }: { average?: Average } = {}): number {
  const mean = meanOf("nmi", average);
  return onTable("nmi", yTrue, yPred, (host, table) => {
    if (isSamePartition(table)) return 1;
    const mi = information(host, table);
    return mi === 0 ? 0 : Math.min(1, mi / mean(entropyOfRows(host, table), entropyOfColumns(host, table)));
  });
}

/**
 * Adjusted mutual information (MI − E[MI]) / (mean(H(yTrue), H(yPred)) − E[MI]): 0 on average for random labels, 1 for the same partition.
 * E[MI] is the expectation over all labellings with the same sizes (hypergeometric). `average` as in `nmi`; scikit-learn before 0.22
 * used "max". 0 where only one of the two has a single label, or one has n labels (MI is then its expectation, whatever the other is).
 * Vinh, Epps, Bailey, Information theoretic measures for clusterings comparison, 2010.
 */
export function ami(yTrue: Labels, yPred: Labels, { average = "arithmetic" }: { average?: Average } = {}): number {
  const mean = meanOf("ami", average);
  return onTable("ami", yTrue, yPred, (host, table) => {
    const { n, r, c } = table;
    if (isSamePartition(table)) return 1;
    if (Math.min(r, c) === 1 || Math.max(r, c) === n) return 0;
    const expected = expectedInformation(host, table);
    const range = mean(entropyOfRows(host, table), entropyOfColumns(host, table)) - expected;
    // As scikit-learn does: a range that is nothing but rounding must not blow the score up.
    const divisor = range < 0 ? Math.min(range, -Number.EPSILON) : Math.max(range, Number.EPSILON);
    return (information(host, table) - expected) / divisor;
  });
}

function homogeneityOf(host: Host, table: Table): number {
  if (table.r === 1 || table.cells === table.c) return 1; // one class, or every cluster within one class
  return Math.min(1, information(host, table) / entropyOfRows(host, table));
}

function completenessOf(host: Host, table: Table): number {
  if (table.c === 1 || table.cells === table.r) return 1;
  return Math.min(1, information(host, table) / entropyOfColumns(host, table));
}

/** Homogeneity MI / H(yTrue): 1 where every cluster holds one class only (also for a single class). Rosenberg, Hirschberg 2007. */
export function homogeneity(yTrue: Labels, yPred: Labels): number {
  return onTable("homogeneity", yTrue, yPred, homogeneityOf);
}

/** Completeness MI / H(yPred): 1 where every class lies in one cluster (also for a single cluster). Rosenberg, Hirschberg 2007. */
export function completeness(yTrue: Labels, yPred: Labels): number {
  return onTable("completeness", yTrue, yPred, completenessOf);
}

/**
 * V-measure (1 + β) h c / (β h + c) of homogeneity h and completeness c; β > 1 weighs completeness more. 0 where both are 0.
 * With β = 1 it is `nmi` with the arithmetic mean. Rosenberg, Hirschberg, V-Measure, 2007.
 */
export function vMeasure(yTrue: Labels, yPred: Labels, { beta = 1 }: { beta?: number } = {}): number {
  if (!(beta >= 0 && beta < Infinity)) throw new Error(`vMeasure: beta must be 0 or more, got ${beta}`);
  return onTable("vMeasure", yTrue, yPred, (host, table) => {
    const h = homogeneityOf(host, table);
    const c = completenessOf(host, table);
    return h * c === 0 ? 0 : ((1 + beta) * h * c) / (beta * h + c);
  });
}
