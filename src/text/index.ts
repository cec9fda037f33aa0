/**
 * Texts as rows of numbers: words, stems, counts and tf-idf, as sparse matrices.
 * @module constella/text
 */
import { stemmer } from "stemmer";

export { SparseMatrix } from "../sparse";
export { countVectorize, countWords, tokenizer } from "./count";
export type { CountOptions, TokenOptions, WordCounts } from "./count";
export { tfidf } from "./tfidf";
export type { Tfidf, TfidfOptions } from "./tfidf";

/** The stem of an English word, by Porter's algorithm with his own two later changes; words of two letters stay. Porter, Program 14 (1980). */
export const porterStem = (word: string): string => stemmer(word);
