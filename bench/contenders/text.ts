import { countVectorize, SparseMatrix, tfidf } from "constella/text";
import type { Program } from "../workload";
import { python, threadVariables } from "./python";

/** Texts of words, and the counts that they have: [documents, words], words in order of their code points. */
export interface TextProblem {
  readonly texts: readonly string[];
  readonly words: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly counts: Float64Array;
}

const parts = ({ indptr, indices, data }: SparseMatrix): Record<string, Float32Array> => ({
  indptr: Float32Array.from(indptr),
  indices: Float32Array.from(indices),
  data: Float32Array.from(data),
});

/** From texts, on the calling thread. */
export async function fromTexts({ texts }: TextProblem): Promise<Program> {
  let matrix: SparseMatrix | undefined;
  return {
    run: async () => void ({ matrix } = tfidf(countVectorize(texts).counts)),
    result: async () => parts(matrix!),
  };
}

/** From counts, on the calling thread. */
export async function fromCounts({ texts, words, indptr, indices, counts }: TextProblem): Promise<Program> {
  const given = new SparseMatrix([texts.length, words], indptr, indices, counts);
  let matrix: SparseMatrix | undefined;
  return {
    run: async () => void ({ matrix } = tfidf(given)),
    result: async () => parts(matrix!),
  };
}

/** CountVectorizer and TfidfTransformer, or the latter alone. */
export const sklearnTfidf =
  (kind: "texts" | "counts") =>
  ({ texts, words, indptr, indices, counts }: TextProblem): Promise<Program> =>
    python({
      ...{ script: "text_peers.py", packages: ["sklearn"], problem: { kind, documents: texts.length, words } },
      arrays: kind === "texts" ? { texts: new TextEncoder().encode(texts.join("\n")) } : { indptr, indices, counts },
      ...{ outputs: ["indptr", "indices", "data"], env: threadVariables(1) },
    });
