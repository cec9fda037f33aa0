import { checkNames, checkRange, checkInteger } from "../checks";
import { SparseMatrix } from "../sparse";

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

const TOKEN_NAMES = { lowercase: true, tokenPattern: true, stopWords: true, stem: true } as const;

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

/** Words of a document and how often it has them, by a number of each word. */
function count(words: readonly string[], numberOf: (word: string) => number | undefined): Map<number, number> {
  const counts = new Map<number, number>();
  for (const word of words) {
    const number = numberOf(word);
    if (number !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

/** Rows of counts as a matrix of `columns` columns, each renumbered by `column`, or left out where that is −1. */
function matrix(
  rows: readonly Map<number, number>[],
  columns: number,
  column: (word: number) => number,
  binary: boolean,
): SparseMatrix {
  const indptr = new Uint32Array(rows.length + 1);
  const indices: number[] = [];
  const data: number[] = [];
  rows.forEach((row, i) => {
    const kept = [...row].map(([word, times]) => [column(word), times] as const).filter(([at]) => at >= 0);
    for (const [at, times] of kept.sort((a, b) => a[0] - b[0])) {
      indices.push(at);
      data.push(binary ? 1 : times);
    }
    indptr[i + 1] = indices.length;
  });
  return new SparseMatrix([rows.length, columns], indptr, indices, data);
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
  const own = { minDf: true, maxDf: true, maxFeatures: true, binary: true } as const;
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
  const rows = texts.map((text) => count(cut(text), number));
  const documents = new Uint32Array(numbers.size);
  const totals = new Float64Array(numbers.size);
  for (const row of rows)
    for (const [word, times] of row) {
      documents[word]!++;
      totals[word]! += binary ? 1 : times;
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
    counts: matrix(rows, words.length, (word) => columns[word]!, binary),
    vocabulary: words.map(([word]) => word),
  };
}

/** Counts of known words in further documents, [documents, vocabulary]: other words are left out. */
export function countWords(
  texts: readonly string[],
  vocabulary: readonly string[],
  options: TokenOptions & Pick<CountOptions, "binary"> = {},
): SparseMatrix {
  checkNames<TokenOptions & Pick<CountOptions, "binary">>("countWords", options, { ...TOKEN_NAMES, binary: true });
  checkTexts("countWords", texts);
  const cut = cutter(options);
  const numbers = new Map(vocabulary.map((word, at) => [word, at]));
  const rows = texts.map((text) => count(cut(text), (word) => numbers.get(word)));
  return matrix(rows, vocabulary.length, (word) => word, options.binary ?? false);
}
