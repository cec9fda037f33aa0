// Options that users give by name: rules for their values, and errors that name what is unknown, missing or out of range.

import { checkOptions, isObject, show } from "./checks";

/** What a value must be. */
export interface Rule {
  /** In words, after `must be`: `a whole number from 1`. */
  readonly words: string;
  /** Whether a value keeps the rule. */
  holds(value: unknown): boolean;
  /** Whether it may be left out though it has no default. */
  readonly optional?: boolean;
}

/** A rule for every option: an option without one, and one for what is no option, are errors of `tsc`. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A whole number from `from` to `to`. */
export const integer = (from: number, to = Infinity): Rule => ({
  words: `a whole number from ${from}${to < Infinity ? ` to ${to}` : ""}`,
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to,
});

/** What `Random` takes. */
export const seed: Rule = {
  words: "a whole number from 0 to 2^53 - 1",
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
};

/** Above 0. */
export const positive: Rule = {
  words: "positive",
  holds: (value) => isNumber(value) && value > 0 && value < Infinity,
};

/** A number from `low` to `high`. */
export const range = (low: number, high = Infinity): Rule => ({
  words: high === Infinity ? `${low} or more` : `from ${low} to ${high}`,
  holds: (value) => isNumber(value) && value >= low && value <= high,
});

/** In [0, 1). */
export const share: Rule = { words: "in [0, 1)", holds: (value) => isNumber(value) && value >= 0 && value < 1 };

/** Any finite number. */
export const finite: Rule = { words: "a finite number", holds: Number.isFinite };

/** One of some words. */
export const choice = (...choices: readonly string[]): Rule => ({
  words: choices.join(" or "),
  holds: (value) => typeof value === "string" && choices.includes(value),
});

/** True or false. */
export const flag: Rule = { words: "true or false", holds: (value) => typeof value === "boolean" };

/** A text. */
export const text: Rule = { words: "a text", holds: (value) => typeof value === "string" };

/** A list of at least `least` positive whole numbers. */
export const sizes = (least = 1): Rule => ({
  words: least > 1 ? `a list of ${least} or more positive whole numbers` : "positive whole numbers",
  holds: (value) =>
    Array.isArray(value) &&
    value.length >= least &&
    value.every((size: unknown) => Number.isSafeInteger(size) && (size as number) >= 1),
});

/** A device that was requested. */
export const device: Rule = {
  words: "a device, as requestDevice gives one",
  holds: (value) => isObject(value) && "type" in value && "run" in value,
  optional: true,
};

/** A function. */
export const callable: Rule = { words: "a function", holds: (value) => typeof value === "function" };

/** The signal of an `AbortController`. */
export const signal: Rule = {
  words: "an AbortSignal",
  holds: (value) => isObject(value) && "aborted" in value,
  optional: true,
};

/** The same, or left out. */
export const optional = (rule: Rule): Rule => ({ ...rule, holds: (value) => rule.holds(value), optional: true });

/** Whatever one of the rules allows. */
export const either = (...rules: readonly Rule[]): Rule => ({
  words: rules.map(({ words }) => words).join(", or "),
  holds: (value) => rules.some((rule) => rule.holds(value)),
});

/** null, or what the rule allows: of JSON. */
export const nullable = (rule: Rule): Rule => either(rule, { words: "null", holds: (value) => value === null });

/** A list of what the rule allows. */
export const list = (rule: Rule): Rule => ({
  words: `a list, each ${rule.words}`,
  holds: (value) => Array.isArray(value) && value.every((item) => rule.holds(item)),
});

/** An object whose entries follow rules; others only where there is a rule for them, `others`. */
export const record = (rules: Readonly<Record<string, Rule>>, others?: Rule): Rule => ({
  words: `an object with ${Object.entries(rules)
    .map(([name, { words }]) => `${name} (${words})`)
    .join(", ")}`,
  holds: (value) =>
    isObject(value) &&
    Object.entries(rules).every(([name, rule]) =>
      value[name] === undefined ? rule.optional === true : rule.holds(value[name]),
    ) &&
    Object.entries(value).every(([name, entry]) => Object.hasOwn(rules, name) || others?.holds(entry)),
});

/** An object with entries of one kind. */
export const entries = (rule: Rule): Rule => ({
  words: `an object, each entry ${rule.words}`,
  holds: (value) => isObject(value) && Object.values(value).every((item) => item === undefined || rule.holds(item)),
});

/**
 * What was given with the defaults where nothing was: names and values are held against the rules.
 * @throws for the first option that is unknown, missing or out of its range
 */
export function checkedOptions<Options extends object>(
  op: string,
  given: unknown,
  rules: Rules<Options>,
  defaults: Partial<Options>,
): Options {
  const names = Object.keys(rules) as (keyof Options & string)[];
  const required = names.filter((name) => !(name in defaults) && !rules[name].optional);
  checkOptions(op, given, names, required);
  const settings: Partial<Options> = { ...defaults };
  for (const [name, value] of Object.entries((given ?? {}) as Options) as [keyof Options & string, never][])
    if (value !== undefined) settings[name] = value;
  checkValues(op, settings, rules);
  return settings as Options;
}

/** @throws for the first value that breaks its rule: `KMeans: nClusters must be a whole number from 1, got 0` */
export function checkValues<Options extends object>(op: string, values: Partial<Options>, rules: Rules<Options>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const rule = rules[name as keyof Options];
    if (!rule.holds(value)) throw new Error(`${op}: ${name} must be ${rule.words}, got ${show(value)}`);
  }
}
