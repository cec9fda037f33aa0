import { checkNames } from "../checks";
import { SparseMatrix } from "../sparse";

/** Options of `tfidf`. */
export interface TfidfOptions {
  /** 1 + ln tf instead of tf; default false. */
  readonly sublinearTf?: boolean;
  /** ln((1 + N)/(1 + df)) + 1, as if one more document had every word (the default); false: ln(N/df) + 1. */
  readonly smoothIdf?: boolean;
  /** Rows of length 1 (the default), or as they are. */
  readonly norm?: "l2" | null;
  /** Weights of the words, of documents that these are not among: what `tfidf` gave for those. */
  readonly idf?: ArrayLike<number>;
}

/** Weighted counts, and the weight of each word. */
export interface Tfidf {
  readonly matrix: SparseMatrix;
  /** [words]; of a word that is in no document without smoothing, infinite. */
  readonly idf: Float64Array;
}

/**
 * Term frequency times inverse document frequency of counts [documents, words], rows divided by their length; natural logarithms, conventions of
 * scikit-learn's `TfidfTransformer`. A document without words stays empty. @throws when the weights are not one for each word
 */
export function tfidf(counts: SparseMatrix, options: TfidfOptions = {}): Tfidf {
  checkNames<TfidfOptions>("tfidf", options, { sublinearTf: "flag", smoothIdf: "flag", norm: true, idf: true });
  const { sublinearTf = false, smoothIdf = true, norm = "l2" } = options;
  const [rows, words] = counts.shape;
  if (norm !== "l2" && norm !== null) throw new Error(`tfidf: norm must be l2 or null, got ${String(norm)}`);
  if (options.idf && options.idf.length !== words)
    throw new Error(`tfidf: idf must have a weight for each of ${words} words, got ${options.idf.length}`);
  const { indptr, indices, data: times } = counts;
  const idf = options.idf ? Float64Array.from(options.idf) : weights(counts, smoothIdf);
  const data = new Float64Array(times.length);
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let p = indptr[i]!; p < indptr[i + 1]!; p++) {
      const count = times[p]!;
      const value = (sublinearTf ? 1 + Math.log(count) : count) * idf[indices[p]!]!;
      data[p] = value;
      square += value * value;
    }
    if (norm === null || square === 0) continue;
    const length = Math.sqrt(square);
    for (let p = indptr[i]!; p < indptr[i + 1]!; p++) data[p]! /= length;
  }
  return { matrix: SparseMatrix.ofParts(counts.shape, indptr.slice(), indices.slice(), data), idf };
}

function weights({ shape: [rows, words], indices, data }: SparseMatrix, smooth: boolean): Float64Array {
  const documents = new Float64Array(words);
  for (let p = 0; p < indices.length; p++) documents[indices[p]!]! += data[p] === 0 ? 0 : 1;
  const more = Number(smooth);
  return documents.map((df) => Math.log((rows + more) / (df + more)) + 1);
}
