import * as t from "../../../src/text";
import { onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

const numbers = (x: Values): Float64Array => Float64Array.from(x.data as ArrayLike<number | bigint>, Number);

interface CountAttributes {
  readonly texts: readonly string[];
  readonly vocabulary: readonly string[];
  readonly lowercase: boolean;
  readonly tokenPattern: string;
  readonly stopWords: readonly string[];
  readonly minDf: number;
  readonly maxDf: number;
  readonly maxFeatures: number | null;
  readonly binary: boolean;
}

type Csr = Readonly<Record<"indptr" | "indices" | "counts", Values>>;

/** What is expected of a text field stands in the attributes. */
function same(what: string, got: readonly string[], want: readonly string[]): void {
  if (JSON.stringify(got) !== JSON.stringify(want))
    throw new Error(`${what} is ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
}

export const TEXT: Adapters = {
  count_vectorize: onHost<unknown, CountAttributes>((_, attrs) => {
    const { texts, vocabulary: expected, maxFeatures, ...rest } = attrs;
    const { lowercase, tokenPattern, stopWords, minDf, maxDf, binary } = rest;
    const options = {
      lowercase,
      tokenPattern,
      stopWords,
      minDf,
      maxDf,
      binary,
      ...(maxFeatures !== null && { maxFeatures }),
    };
    const { counts, vocabulary } = t.countVectorize(texts, options);
    same("vocabulary", vocabulary, expected);
    return { indptr: counts.indptr, indices: counts.indices, counts: counts.data };
  }),
  tfidf: onHost<Csr, { shape: readonly [number, number] } & Required<Omit<t.TfidfOptions, "idf">>>(
    ({ indptr, indices, counts }, { shape, sublinearTf, smoothIdf, norm }) => {
      const given = new t.SparseMatrix(shape, numbers(indptr), numbers(indices), numbers(counts));
      const { matrix, idf } = t.tfidf(given, { sublinearTf, smoothIdf, norm });
      return { data: matrix.data, idf };
    },
  ),
  porter_stem: onHost<unknown, { words: readonly string[]; stems: readonly string[] }>((_, { words, stems }) => {
    same("stems", words.map(t.porterStem), stems);
    return { n: words.length };
  }),
};
