// Kinds of option values: one rule for the library, which holds values against it, and for the command line and forms, which take texts.

/** How a form asks for a value. */
export type FormField =
  | { readonly type: "number"; readonly min?: number; readonly max?: number; readonly step: number | "any" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "text" };

/** What an option takes: the rule that its value keeps, and how a text spells it. */
export interface Kind<T = unknown> {
  /** How help shows a value: N. */
  readonly placeholder: string;
  /** In words, after "must be": a whole number from 1. */
  readonly rule: string;
  /** Whether a value keeps the rule. */
  holds(value: unknown): boolean;
  /** The value of a text; undefined where it breaks the rule. */
  parse(text: string): T | undefined;
  readonly field: FormField;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Bounds of a number; `from` and `to` are within, `above` and `below` are not. */
interface Bounds {
  readonly from?: number;
  readonly above?: number;
  readonly to?: number;
  readonly below?: number;
}

function rangeInWords({ from, above, to, below }: Bounds): string {
  const low = above !== undefined ? ` above ${above}` : from !== undefined ? ` from ${from}` : "";
  if (to !== undefined) return above !== undefined ? `${low}, at most ${to}` : `${low} to ${to}`;
  return below === undefined ? low : `${low}, less than ${below}`;
}

/** A kind of numbers within bounds, finite in any case. */
function numbers(isWhole: boolean, bounds: Bounds): Kind<number> {
  const { from = -Infinity, above = -Infinity, to = Infinity, below = Infinity } = bounds;
  const holds = (value: unknown): boolean =>
    typeof value === "number" &&
    (isWhole ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    value >= from &&
    value <= to &&
    (value > above || above === -Infinity) &&
    (value < below || below === Infinity);
  const [min, max] = [Math.max(from, above), Math.min(to, below)];
  return {
    placeholder: isWhole ? "N" : "X",
    rule: `a ${isWhole ? "whole " : ""}number${rangeInWords(bounds)}`,
    holds,
    parse: (text) => (NUMBER.test(text) && holds(Number(text)) ? Number(text) : undefined),
    field: {
      ...{ type: "number", step: isWhole ? 1 : "any" },
      ...(min > -Infinity && { min }),
      ...(max < Infinity && { max }),
    },
  };
}

/** Whole numbers of at least `from`, and at most `to` where that is given. */
export const whole = (from: number, to?: number): Kind<number> =>
  numbers(true, { from, ...(to !== undefined && { to }) });

/** Numbers within bounds. */
export const number = (bounds: Bounds = {}): Kind<number> => numbers(false, bounds);

/** Numbers above 0. */
export const positive = number({ above: 0 });

/** Numbers of at least 0. */
export const nonNegative = number({ from: 0 });

/** Numbers from 0, less than 1: what may be dropped, kept back, remembered. */
export const share = number({ from: 0, below: 1 });

/** Numbers above 0, at most 1: how much of something new is taken, where all of it is legal and nothing is not. */
export const fraction = number({ above: 0, to: 1 });

function list(element: Kind<number>, elements: string, count: number, placeholder: string): Kind<number[]> {
  return {
    placeholder,
    rule: `${count} or more ${elements}, separated by commas`,
    holds: (value) => Array.isArray(value) && value.length >= count && value.every((item) => element.holds(item)),
    parse: (text) => {
      const values = text.split(",").map((part) => element.parse(part.trim()));
      return values.length >= count && values.every((value) => value !== undefined) ? values : undefined;
    },
    field: { type: "text" },
  };
}

/** Whole numbers of at least `from`, separated by commas; at least `count` of them. */
export const wholes = (from: number, count: number): Kind<number[]> =>
  list(whole(from), `whole numbers from ${from}`, count, "N,N,…");

/** Numbers within bounds, separated by commas; at least `count` of them. */
export const numberList = (count: number, bounds: Bounds = {}): Kind<number[]> =>
  list(number(bounds), `numbers${rangeInWords(bounds)}`, count, "X,X,…");

/** One of some words. */
export const oneOf = <T extends string>(...words: readonly T[]): Kind<T> => ({
  placeholder: words.join("|"),
  rule: words.length === 2 ? words.join(" or ") : `one of ${words.join(", ")}`,
  holds: (value) => words.some((word) => word === value),
  parse: (text) => words.find((word) => word === text),
  field: { type: "choice", choices: words },
});

/** Yes or no. */
export const flag: Kind<boolean> = {
  placeholder: "yes|no",
  rule: "yes or no",
  holds: (value) => typeof value === "boolean",
  parse: (text) => (text === "yes" || text === "true" ? true : text === "no" || text === "false" ? false : undefined),
  field: { type: "choice", choices: ["yes", "no"] },
};

/** Any text that is not empty. */
export const text = (placeholder: string): Kind<string> => ({
  placeholder,
  rule: "a text",
  holds: (value) => typeof value === "string" && value !== "",
  parse: (given) => (given === "" ? undefined : given),
  field: { type: "text" },
});

/** What a text spells or another value is, of a kind: one of several words, or what code alone can give (a matrix, a function). */
export const orGiven = <T, U>(kind: Kind<T>, rule: string, isGiven: (value: unknown) => value is U): Kind<T | U> => ({
  ...kind,
  rule: `${kind.rule} or ${rule}`,
  holds: (value) => kind.holds(value) || isGiven(value),
});
