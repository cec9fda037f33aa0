import { Option } from "commander";

/** What an option takes: how help shows it, the rule it must keep, and the value of a text (undefined where it breaks the rule). */
export interface Kind<T = unknown> {
  readonly placeholder: string;
  readonly rule: string;
  readonly parse: (text: string) => T | undefined;
}

/** An option of the command line that is an option of the library: `nInit` is spelled `--n-init`. */
export interface OptionSpec<T = unknown> {
  readonly name: string;
  readonly kind: Kind<T>;
  readonly help: string;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const numberKind = (placeholder: string, rule: string, holds: (value: number) => boolean): Kind<number> => ({
  placeholder,
  rule,
  parse: (text) => (NUMBER.test(text) && holds(Number(text)) ? Number(text) : undefined),
});

/** Whole numbers of at least `from`. */
export const whole = (from: number): Kind<number> =>
  numberKind("N", `a whole number from ${from}`, (value) => Number.isSafeInteger(value) && value >= from);

/** Numbers above 0. */
export const positive = numberKind("X", "a number above 0", (value) => value > 0 && Number.isFinite(value));

/** Numbers of at least 0. */
export const nonNegative = numberKind("X", "a number from 0", (value) => value >= 0 && Number.isFinite(value));

/** Numbers from 0, less than 1. */
export const share = numberKind("X", "a number from 0, less than 1", (value) => value >= 0 && value < 1);

/** Whole numbers of at least `from`, separated by commas; at least `count` of them. */
export const wholes = (from: number, count: number): Kind<number[]> => ({
  placeholder: "N,N,…",
  rule: `${count} or more whole numbers from ${from}, separated by commas`,
  parse: (text) => {
    const values = text.split(",").map((part) => whole(from).parse(part.trim()));
    return values.length >= count && values.every((value) => value !== undefined) ? values : undefined;
  },
});

/** One of some words. */
export const oneOf = <T extends string>(...words: readonly T[]): Kind<T> => ({
  placeholder: words.join("|"),
  rule: words.length === 2 ? words.join(" or ") : `one of ${words.join(", ")}`,
  parse: (text) => words.find((word) => word === text),
});

/** Any text. */
export const text = (placeholder: string): Kind<string> => ({
  placeholder,
  rule: "a text",
  parse: (value) => (value === "" ? undefined : value),
});

/** `nInit` as the command line spells it: `n-init`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A value as the command line spells it. */
export const spell = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));

/** The option as the argument parser takes it. Its value is checked: throws `--n-init must be …, given …`. */
export function toOption<T>({ name, kind, help }: OptionSpec<T>, group?: string): Option {
  const flag = `--${kebab(name)}`;
  const option = new Option(`${flag} <${kind.placeholder}>`, help).argParser((given: string) => {
    const value = kind.parse(given);
    if (value === undefined) throw new Error(`${flag} must be ${kind.rule}, given ${JSON.stringify(given)}`);
    return value;
  });
  return group === undefined ? option : option.helpGroup(group);
}
