import { checkFlag } from "../checks";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { smallestEigenvectors } from "../linear-algebra/smallest-eigen";
import type { SymmetricOperator } from "../linear-algebra/smallest-eigen";
import type { Eigen } from "../linear-algebra/symmetric-eigen";
import { SparseMatrix } from "../sparse";
import { yieldWhenDue } from "../event-loop";
import { takeAffinity } from "./affinity";

/** The Laplacian of a graph, as an operator, and the degree of each node, its diagonal left out. */
export interface Laplacian extends SymmetricOperator {
  readonly degrees: Float64Array<ArrayBuffer>;
  /** √degree of each node, 1 where that is 0: what eigenvectors are divided by to be those of the random walk. */
  readonly roots: Float64Array<ArrayBuffer>;
}

/**
 * The normalised Laplacian L = I − D^(−½) W D^(−½) of a weighted graph [n, n], self-loops left out as scipy does it; a node without edges has a row of
 * zeros. An operator: nothing holds n × n that was not given.
 * @throws unless the affinity is square, symmetric, finite and not negative
 */
export function normalizedLaplacian(affinity: SparseMatrix | MatrixLike): Laplacian {
  return laplacianOf(affinity, "normalizedLaplacian");
}

/** The same, for an op that is named in errors. */
export function laplacianOf(affinity: SparseMatrix | MatrixLike, op: string): Laplacian {
  const w = takeAffinity(affinity, op);
  const n = w.shape[0]!;
  const degrees = w instanceof SparseMatrix ? w.rowSums() : new Float64Array(n);
  for (let i = 0; i < n; i++) {
    if (w instanceof SparseMatrix) degrees[i]! -= w.get(i, i);
    else for (let j = 0; j < n; j++) if (j !== i) degrees[i]! += w.data[i * n + j]!;
  }
  const roots = degrees.map((degree) => (degree > 0 ? Math.sqrt(degree) : 1));
  if (w instanceof SparseMatrix) {
    const matrix = sparseLaplacian(w, degrees, roots);
    return { n, degrees, roots, bound: 2, apply: (x, width, out) => matrix.multiply(x, width, out) };
  }
  const apply = async (x: Float64Array, width: number, out: Float64Array): Promise<void> => {
    const sums = new Float64Array(width);
    for (let i = 0; i < n; i++) {
      sums.fill(0);
      for (let j = 0; j < n; j++) {
        if (j === i) continue;
        const value = w.data[i * n + j]! / (roots[i]! * roots[j]!);
        if (value !== 0) for (let c = 0, from = j * width; c < width; c++) sums[c]! += value * x[from + c]!;
      }
      for (let c = 0, at = i * width; c < width; c++, at++) out[at] = (degrees[i] === 0 ? 0 : x[at]!) - sums[c]!;
      if (i % 16 === 0) await yieldWhenDue();
    }
  };
  return { n, degrees, roots, bound: 2, apply };
}

/** I − D^(−½) W D^(−½) without self-loops, its rows in order as those of W are. */
function sparseLaplacian(w: SparseMatrix, degrees: Float64Array, roots: Float64Array): SparseMatrix {
  const n = w.shape[0];
  const [starts, columns, values] = [new Uint32Array(n + 1), new Uint32Array(w.size + n), new Float64Array(w.size + n)];
  let at = 0;
  const put = (column: number, value: number): void => {
    columns[at] = column;
    values[at++] = value;
  };
  for (let i = 0; i < n; i++) {
    let p = w.indptr[i]!;
    const end = w.indptr[i + 1]!;
    const edge = (): void => put(w.indices[p]!, -w.data[p]! / (roots[i]! * roots[w.indices[p]!]!));
    for (; p < end && w.indices[p]! < i; p++) edge();
    if (degrees[i] !== 0) put(i, 1);
    if (p < end && w.indices[p] === i) p++;
    for (; p < end; p++) edge();
    starts[i + 1] = at;
  }
  return SparseMatrix.ofParts([n, n], starts, columns.slice(0, at), values.slice(0, at));
}

/** Options of `spectralEmbedding`. */
export interface SpectralEmbeddingResult {
  /** The smallest eigenvalues of the normalised Laplacian, ascending, [count]. */
  readonly eigenvalues: Float64Array<ArrayBuffer>;
  /** Their orthonormal eigenvectors as columns, [n, count]. */
  readonly vectors: NdArray<Float64Array>;
  /** The same over √degree: eigenvectors of the random walk on the graph, constant on a component for the eigenvalue 0. */
  readonly embedding: NdArray<Float64Array>;
}

/** Rows [count, n] as columns [n, count], each over its row's divisor. */
export function asColumns(
  rows: Float64Array,
  count: number,
  n: number,
  divisors?: Float64Array,
): NdArray<Float64Array> {
  const columns = new Float64Array(n * count);
  for (let c = 0; c < count; c++)
    for (let i = 0; i < n; i++) columns[i * count + c] = rows[c * n + i]! / (divisors?.[i] ?? 1);
  return new NdArray(columns, [n, count]);
}

/**
 * The `components` smallest eigenvalues of the normalised Laplacian of an affinity [n, n], and their eigenvectors (Shi and Malik 2000; von Luxburg,
 * "A tutorial on spectral clustering", 2007); with `dropFirst` the first one, which is constant on a connected graph, is left out.
 * @throws unless 1 ≤ components ≤ n (n − 1 with `dropFirst`) and the affinity is symmetric, finite and not negative
 */
export async function spectralEmbedding(
  affinity: SparseMatrix | MatrixLike,
  components: number,
  { dropFirst = false, signal }: { readonly dropFirst?: boolean; readonly signal?: AbortSignal | undefined } = {},
): Promise<SpectralEmbeddingResult> {
  checkFlag("spectralEmbedding", { dropFirst });
  const op = "spectralEmbedding";
  const laplacian = laplacianOf(affinity, op);
  const count = soughtOf({ components }, laplacian.n, dropFirst, op);
  return embeddingOf(await smallestEigenvectors(laplacian, count, op, { signal }), laplacian, dropFirst);
}

/** How many eigenvectors are sought, of n nodes, for so many components by their name in a method. @throws `op: …` where these are too few @internal */
export function soughtOf(wanted: Readonly<Record<string, number>>, n: number, dropFirst: boolean, op: string): number {
  const skipped = dropFirst ? 1 : 0;
  const [[name, components]] = Object.entries(wanted) as [[string, number]];
  if (!Number.isInteger(components) || components < 1 || components + skipped > n)
    throw new Error(
      `${op}: ${name} must be a whole number from 1 and ${dropFirst ? "less than" : "at most"} the number of points, ${n}, got ${components}`,
    );
  return components + skipped;
}

/** What the eigenvectors of a Laplacian give, without the first with `dropFirst`. @internal */
export function embeddingOf(
  { values, vectors: all }: Eigen,
  { n, roots }: Laplacian,
  dropFirst: boolean,
): SpectralEmbeddingResult {
  const skipped = dropFirst ? 1 : 0;
  const components = values.length - skipped;
  const vectors = all.subarray(skipped * n);
  return {
    eigenvalues: values.slice(skipped),
    vectors: asColumns(vectors, components, n),
    embedding: asColumns(vectors, components, n, roots),
  };
}
