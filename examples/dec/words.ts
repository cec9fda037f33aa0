// Texts as the paper has them: the weights of their words, about 1 in the mean of squares.
import { NdArray } from "constella";
import { readNpzArray } from "constella/data";
import { SparseMatrix, tfidf } from "constella/text";

/** Counts of words in an npz file (`indptr`, `indices`, `counts`, `vocab`) as tf-idf, [documents, words]: rows of length √words (section 4.1 of the paper). */
export function weighWords(bytes: Uint8Array<ArrayBuffer>): NdArray<Float32Array> {
  const [indptr, indices, counts] = ["indptr", "indices", "counts"].map((name) => {
    return readNpzArray(bytes, name).data as Uint32Array;
  }) as [Uint32Array, Uint32Array, Uint32Array];
  const documents = indptr.length - 1;
  const count = indices.reduce((most, word) => Math.max(most, word), 0) + 1;
  const { matrix } = tfidf(
    new SparseMatrix(
      [documents, count],
      Uint32Array.from(indptr),
      Uint32Array.from(indices),
      Float64Array.from(counts),
    ),
    { sublinearTf: true },
  );
  const rows = matrix.rowNumbers();
  const length = Math.sqrt(count);
  const x = new Float32Array(documents * count);
  matrix.data.forEach((weight, p) => (x[rows[p]! * count + matrix.indices[p]!] = weight * length));
  return new NdArray(x, [documents, count]);
}
