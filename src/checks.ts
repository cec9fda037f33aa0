// Checks of what users give by name: each throws `op: name must be …, value` for the first that is not.

type Named<T> = Readonly<Record<string, T>>;

function check<T>(op: string, given: Named<T>, holds: (value: T) => boolean, rule: string): void {
  for (const [name, value] of Object.entries(given))
    if (!holds(value)) throw new Error(`${op}: ${name} must be ${rule}, got ${show(value)}`);
}

/** Whether a number is whole and within a range. */
export const isWhole = (value: number, from: number, to = Infinity): boolean =>
  Number.isSafeInteger(value) && value >= from && value <= to;

/** @throws unless all are whole numbers from `from` to `to` */
export function checkInteger(op: string, given: Named<number>, from: number, to = Infinity): void {
  check(
    op,
    given,
    (value) => isWhole(value, from, to),
    `a whole number from ${from}${to < Infinity ? ` to ${to}` : ""}`,
  );
}

/** @throws unless all are lists of positive whole numbers, none of them empty */
export function checkSizes(op: string, given: Named<readonly number[]>): void {
  for (const [name, sizes] of Object.entries(given))
    if (!Array.isArray(sizes) || sizes.length === 0 || !sizes.every((size: number) => isWhole(size, 1)))
      throw new Error(`${op}: ${name} must be positive whole numbers, got [${String(sizes)}]`);
}

/** @throws unless all are above 0 */
export function checkPositive(op: string, given: Named<number>): void {
  check(op, given, (value) => value > 0, "positive");
}

/** @throws unless all are from `low` to `high` */
export function checkRange(op: string, given: Named<number>, low: number, high = Infinity): void {
  const rule = high === Infinity ? `${low} or more` : `from ${low} to ${high}`;
  check(op, given, (value) => value >= low && value <= high, rule);
}

/** @throws unless all are in [0, 1) */
export function checkShare(op: string, given: Named<number>): void {
  check(op, given, (value) => value >= 0 && value < 1, "in [0, 1)");
}

/** @throws unless each is true or false, where it is given */
export function checkFlag(op: string, given: Named<boolean | undefined>): void {
  check(op, given, (value) => value === undefined || value === !!value, "true or false");
}

/** What is one of several: `a or b`, `one of a, b, c`. */
export const inWords = (choices: readonly string[]): string =>
  choices.length > 2 ? `one of ${choices.join(", ")}` : choices.join(" or ");

/** @throws unless all are among `choices` */
export function checkChoice(op: string, given: Named<string>, choices: readonly string[]): void {
  check(op, given, (value) => choices.includes(value), inWords(choices));
}

/** What `fit` has made. @throws before it has */
export function fitted<T>(op: string, made: T | undefined): T {
  if (made === undefined) throw new Error(`${op}: call fit first`);
  return made;
}

/** Whether a value has names. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value for a message, short. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "function") return "a function";
  const hasParts = typeof value === "object" && value !== null;
  if (hasParts && !Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
    return `a ${value.constructor?.name ?? "object"}`;
  const line = hasParts
    ? JSON.stringify(value, (_, part: unknown) =>
        typeof part === "bigint" || typeof part === "function" ? typeof part : part,
      )
    : String(value).replace(/[\s\p{Cc}]+/gu, " "); // a message is one line, whatever a file holds
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}

/** Names that other libraries have for an option, without case and underscores. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ randomstate: "seed", randomseed: "seed", rng: "seed", k: "nClusters", lr: "learningRate", tol: "tolerance" },
  ...{
    maxiterations: "maxIter",
    iterations: "maxIter",
    minpts: "minSamples",
    epsilon: "eps",
    numclusters: "nClusters",
  },
};

const bare = (name: string): string => name.toLowerCase().replace(/[_-]/g, "");

/** Insertions, deletions and replacements that make one text of another (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    row = next;
  }
  return row[b.length]!;
}

/** `, did you mean X?` of the name that is meant by a misspelt one; where none is near, all of them. */
export function didYouMean(given: string, known: readonly string[]): string {
  const word = bare(given);
  const begins = (a: string, b: string): boolean => Math.min(a.length, b.length) >= 3 && a.startsWith(b);
  const distances = known.map((name) => {
    const other = bare(name);
    return word !== other && (begins(word, other) || begins(other, word)) ? 1 : editDistance(word, other);
  });
  const least = Math.min(...distances); // Infinity of none
  const other = least > 0 && known.find((name) => name === OTHER_NAMES[word]);
  const meant = other || (least <= Math.max(1, word.length / 3) && known[distances.indexOf(least)]);
  return meant ? `, did you mean ${meant}?` : `, there are ${known.join(", ") || "none"}`;
}

/**
 * Holds the names of options against those that are known and those that are required, before any value is looked at.
 * @throws `KMeans: unknown option n_clusters, did you mean nClusters?`, `KMeans: nClusters is missing`, and for what is no object
 */
export function checkOptions(
  name: string,
  given: unknown,
  known: readonly string[],
  required: readonly string[] = [],
): void {
  if (given !== undefined && !isObject(given))
    throw new Error(`${name}: options must be an object, got ${show(given)}`);
  const options = given ?? {};
  for (const option of Object.keys(options))
    if (!known.includes(option)) throw new Error(`${name}: unknown option ${option}${didYouMean(option, known)}`);
  for (const option of required) if (options[option] === undefined) throw new Error(`${name}: ${option} is missing`);
}

/** Every option by its name, those that are true or false as flags. */
export type Names<Options> = {
  readonly [Name in keyof Required<Options> & string]: [Exclude<Options[Name], undefined>] extends [boolean]
    ? "flag"
    : true;
};

/** The same, and flags are true or false; a name that is missing in `known`, or too many, and a flag that is not told as one, are errors of `tsc`. */
export function checkNames<Options extends object>(
  name: string,
  given: unknown,
  known: Names<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  checkOptions(name, given, Object.keys(known), required);
  const kinds: Named<"flag" | true> = known;
  for (const option in kinds)
    if (kinds[option] !== true) checkFlag(name, { [option]: (given as Named<boolean> | undefined)?.[option] });
}
