// Options that users give by name: rules for their values, and errors that name what is unknown, missing or out of range.

import { checkOptions, inWords, isObject, show } from "./checks";

/** How texts spell what a rule holds, for command lines and forms (`kindOf`). */
export type Spelling<T = unknown> =
  | { readonly as: "number"; readonly step: 1 | "any"; readonly min?: number; readonly max?: number }
  | { readonly as: "choice"; readonly choices: readonly string[] }
  | { readonly as: "flag" }
  | { readonly as: "list"; readonly each: Rule; readonly least: number }
  | { readonly as: "either"; readonly rules: readonly Rule[] }
  | TextSpelling<T>;

/** A value that a text of its own form spells. */
export interface TextSpelling<T = unknown> {
  readonly as: "text";
  /** What stands for the value in help. */
  readonly placeholder: string;
  /** The value; undefined where the text spells none. */
  parse(text: string): T | undefined;
}

/** What a value must be: the one rule that constructors, the command line and forms go by. */
export interface Rule<T = unknown> {
  /** In words, after `must be`: `a whole number from 1`. */
  readonly words: string;
  /** Whether a value keeps the rule. */
  holds(value: unknown): boolean;
  /** Whether it may be left out though it has no default. */
  readonly optional?: boolean;
  /** Where a text can say the value. */
  readonly spelled?: Spelling<T>;
}

/** A rule for every option: an option without one, and one for what is no option, are errors of `tsc`. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A whole number from `from` to `to`. */
export const integer = (from: number, to = Infinity): Rule<number> => ({
  words: `a whole number from ${from}${to < Infinity ? ` to ${to}` : ""}`,
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= to,
  spelled: { as: "number", step: 1, min: from, max: to },
});

/** What `Random` takes. */
export const seed: Rule<number> = {
  words: "a whole number from 0 to 2^53 - 1",
  holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  spelled: { as: "number", step: 1, min: 0 },
};

const between = (words: string, min: number, max: number, isLegal: (value: number) => boolean): Rule<number> => ({
  words,
  holds: (value) => isNumber(value) && isLegal(value),
  spelled: { as: "number", step: "any", min, max },
});

/** Above 0. */
export const positive = /* @__PURE__ */ between("positive", 0, Infinity, (value) => value > 0 && value < Infinity);

/** A number from `low` to `high`. */
export const range = (low: number, high = Infinity): Rule<number> =>
  between(
    high === Infinity ? `${low} or more` : `from ${low} to ${high}`,
    low,
    high,
    (value) => value >= low && value <= high,
  );

/** In [0, 1): what may be dropped, kept back, remembered. */
export const share = /* @__PURE__ */ between("in [0, 1)", 0, 1, (value) => value >= 0 && value < 1);

/** In (0, 1]: how much of something new is taken, where all of it is legal and nothing is not. */
export const fraction = /* @__PURE__ */ between("above 0 and at most 1", 0, 1, (value) => value > 0 && value <= 1);

/** Any finite number. */
export const finite = /* @__PURE__ */ between("a finite number", -Infinity, Infinity, Number.isFinite);

/** One of some words. */
export const choice = <T extends string>(...choices: readonly T[]): Rule<T> => ({
  words: inWords(choices),
  holds: (value) => choices.some((word) => word === value),
  spelled: { as: "choice", choices },
});

/** True or false. */
export const flag: Rule<boolean> = {
  words: "true or false",
  holds: (value) => typeof value === "boolean",
  spelled: { as: "flag" },
};

/** A text. */
export const text: Rule<string> = { words: "a text", holds: (value) => typeof value === "string" };

/** A list of at least `least` positive whole numbers. */
export const sizes = (least = 1): Rule<number[]> => ({
  ...list(integer(1), least),
  words: least > 1 ? `a list of ${least} or more positive whole numbers` : "positive whole numbers",
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
export const optional = <T>(rule: Rule<T>): Rule<T> => ({
  ...rule,
  holds: (value) => rule.holds(value),
  optional: true,
});

/** Whatever one of the rules allows. */
export const either = (...rules: readonly Rule[]): Rule => ({
  words: rules.map(({ words }) => words).join(", or "),
  holds: (value) => rules.some((rule) => rule.holds(value)),
  spelled: { as: "either", rules },
});

/** null, or what the rule allows: of JSON. */
export const nullable = (rule: Rule): Rule => either(rule, { words: "null", holds: (value) => value === null });

/** A list of what the rule allows, at least so many. */
export const list = <T>(rule: Rule<T>, least = 0): Rule<T[]> => ({
  words: `a list${least > 0 ? ` of ${least} or more` : ""}, each ${rule.words}`,
  holds: (value) => Array.isArray(value) && value.length >= least && value.every((item) => rule.holds(item)),
  spelled: { as: "list", each: rule, least },
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
