import { checkNames, checkRange, checkInteger } from "../checks";
import { transposed } from "../sparse";
import type { SparseMatrix } from "../sparse";

/** How texts are cut into words. */
export interface TokenOptions {
  /** Default true. */
  readonly lowercase?: boolean;
  /** What a word is, with the flags `g` and `u`; default two or more letters, digits or underscores of any script, `[\p{L}\p{N}_]{2,}`. */
  readonly tokenPattern?: string;
  /** Words left out, compared after lowercasing as they are given. */
  readonly stopWords?: Iterable<string>;
  /** What becomes of each word that is left, as `porterStem`; default itself. */
  readonly stem?: (word: string) => string;
}

/** Options of `countVectorize`. */
export interface CountOptions extends TokenOptions {
  /** Documents that a word is in at least; default 1. */
  readonly minDf?: number;
  /** Share of the documents that a word is in at most; default 1. */
  readonly maxDf?: number;
  /** How many words are kept, those with the largest counts (of equal ones the first by code point); default all. */
  readonly maxFeatures?: number;
  /** 1 instead of counts; default false. */
  readonly binary?: boolean;
}

/** Words of documents: counts [documents, words], and the words in order of their code points. */
export interface WordCounts {
  readonly counts: SparseMatrix;
  readonly vocabulary: readonly string[];
}

const TOKENS = String.raw`[\p{L}\p{N}_]{2,}`;

const TOKEN_NAMES = { lowercase: "flag", tokenPattern: true, stopWords: true, stem: true } as const;

/** What cuts a text into words. @throws when the pattern is no regular expression, or matches nothing at all */
export function tokenizer(options: TokenOptions = {}): (text: string) => string[] {
  checkNames<TokenOptions>("tokenizer", options, TOKEN_NAMES);
  return cutter(options);
}

function cutter(options: TokenOptions): (text: string) => string[] {
  const { lowercase = true, tokenPattern = TOKENS, stopWords = [], stem } = options;
  const stops = new Set(stopWords);
  let pattern: RegExp;
  try {
    pattern = new RegExp(tokenPattern, "gu");
  } catch (error) {
    throw new Error(`tokenizer: tokenPattern must be a regular expression, got ${tokenPattern}`, { cause: error });
  }
  return (text) => {
    const words = (lowercase ? text.toLowerCase() : text).match(pattern) ?? [];
    const kept = stops.size === 0 ? words : words.filter((word) => !stops.has(word));
    return stem ? kept.map(stem) : kept;
  };
}

/** Order of code points, which that of UTF-16 is not where there are surrogates. */
function byCodePoint(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++)
    if (a.charCodeAt(i) !== b.charCodeAt(i)) {
      const low = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
      const at = i > 0 && low(a.charCodeAt(i)) && low(b.charCodeAt(i)) ? i - 1 : i;
      return a.codePointAt(at)! - b.codePointAt(at)!;
    }
  return a.length - b.length;
}

/** Words of documents, by numbers: of document i the words words[p], each times[p] times, p from indptr[i] to indptr[i + 1], as they come. */
interface Tally {
  readonly indptr: Uint32Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
}

/** Twice as long as they were. */
function longer<T extends Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(values: T, empty: T): T {
  empty.set(values);
  return empty;
}

/** Counts words that have a number. */
function tally(
  texts: readonly string[],
  cut: (text: string) => readonly string[],
  numberOf: (word: string) => number | undefined,
): Tally {
  const indptr = new Uint32Array(texts.length + 1);
  let [words, times] = [new Uint32Array(1024), new Float64Array(1024)];
  /** Where a word was last put: in this document if not before its start. */
  const places: number[] = [];
  let at = 0;
  texts.forEach((text, i) => {
    const start = at;
    for (const word of cut(text)) {
      const number = numberOf(word);
      if (number === undefined) continue;
      while (places.length <= number) places.push(-1);
      const place = places[number]!;
      if (place >= start) {
        times[place]!++;
        continue;
      }
      if (at === words.length) {
        words = longer(words, new Uint32Array(2 * at));
        times = longer(times, new Float64Array(2 * at));
      }
      words[at] = number;
      times[at] = 1;
      places[number] = at++;
    }
    indptr[i + 1] = at;
  });
  return { indptr, words: words.subarray(0, at), times: times.subarray(0, at) };
}

/** Counts as a matrix, words being columns by `columns`, or left out where that is −1. */
function matrix({ indptr, words, times }: Tally, width: number, columns: Int32Array, binary: boolean): SparseMatrix {
  const starts = new Uint32Array(indptr.length);
  const [indices, data] = [new Uint32Array(words.length), new Float64Array(words.length)];
  let at = 0;
  for (let i = 0; i + 1 < indptr.length; i++) {
    for (let p = indptr[i]!; p < indptr[i + 1]!; p++) {
      const column = columns[words[p]!]!;
      if (column < 0) continue;
      indices[at] = column;
      data[at++] = binary ? 1 : times[p]!;
    }
    starts[i + 1] = at;
  }
  // columns ascend in the transpose of the transpose
  return transposed([indptr.length - 1, width], starts, indices, data).transpose();
}

function checkTexts(op: string, texts: readonly string[]): void {
  const wrong = texts.findIndex((text) => typeof text !== "string");
  if (wrong >= 0) throw new Error(`${op}: texts must be strings, got ${typeof texts[wrong]} at ${wrong}`);
}

/**
 * Counts the words of documents: lowercase first, then words by the pattern, then stop words and stems, then the limits on how many documents a word
 * is in. Conventions of scikit-learn's `CountVectorizer`. @throws for options out of range, and when no word is left
 */
export function countVectorize(texts: readonly string[], options: CountOptions = {}): WordCounts {
  const { minDf = 1, maxDf = 1, maxFeatures, binary = false } = options;
  const own = { minDf: true, maxDf: true, maxFeatures: true, binary: "flag" } as const;
  checkNames<CountOptions>("countVectorize", options, { ...TOKEN_NAMES, ...own });
  checkTexts("countVectorize", texts);
  checkInteger("countVectorize", { minDf }, 1);
  checkRange("countVectorize", { maxDf }, 0, 1);
  if (maxFeatures !== undefined) checkInteger("countVectorize", { maxFeatures }, 1);
  const cut = cutter(options);
  const numbers = new Map<string, number>();
  const number = (word: string): number => {
    const known = numbers.get(word);
    if (known !== undefined) return known;
    numbers.set(word, numbers.size);
    return numbers.size - 1;
  };
  const counted = tally(texts, cut, number);
  const documents = new Uint32Array(numbers.size);
  const totals = new Float64Array(numbers.size);
  for (let p = 0; p < counted.words.length; p++) {
    const word = counted.words[p]!;
    documents[word]!++;
    totals[word]! += binary ? 1 : counted.times[p]!;
  }
  const most = maxDf * texts.length;
  let words = [...numbers].filter(([, at]) => documents[at]! >= minDf && documents[at]! <= most);
  words.sort(([a], [b]) => byCodePoint(a, b));
  if (maxFeatures !== undefined && words.length > maxFeatures) {
    const largest = new Set([...words].sort(([, a], [, b]) => totals[b]! - totals[a]!).slice(0, maxFeatures));
    words = words.filter((word) => largest.has(word));
  }
  if (words.length === 0)
    throw new Error(`countVectorize: no word is left of ${numbers.size} in ${texts.length} texts`);
  const columns = new Int32Array(numbers.size).fill(-1);
  words.forEach(([, at], column) => (columns[at] = column));
  return {
    counts: matrix(counted, words.length, columns, binary),
    vocabulary: words.map(([word]) => word),
  };
}

/** Counts of known words in further documents, [documents, vocabulary]: other words are left out. */
export function countWords(
  texts: readonly string[],
  vocabulary: readonly string[],
  options: TokenOptions & Pick<CountOptions, "binary"> = {},
): SparseMatrix {
  checkNames<TokenOptions & Pick<CountOptions, "binary">>("countWords", options, { ...TOKEN_NAMES, binary: "flag" });
  checkTexts("countWords", texts);
  const cut = cutter(options);
  const numbers = new Map(vocabulary.map((word, at) => [word, at]));
  const columns = Int32Array.from(vocabulary.keys());
  const counted = tally(texts, cut, (word) => numbers.get(word));
  return matrix(counted, vocabulary.length, columns, options.binary ?? false);
}
