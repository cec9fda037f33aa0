import { Option } from "commander";
import { kindOf } from "../kinds";
import { kebab } from "../methods/schema";
import type { Rule } from "../options";

export { choice, finite, flag, integer, list, positive, range, share } from "../options";
export type { Rule } from "../options";
export { kebab, spell } from "../methods/schema";

/** A text that is not empty; `placeholder` stands for it in help. */
export const text = (placeholder: string): Rule<string> => ({
  words: "a text",
  holds: (value) => typeof value === "string" && value !== "",
  spelled: { as: "text", placeholder, parse: (given) => given },
});

/** An option of a command, by the library's name: `nInit` is spelled `--n-init`. */
export interface OptionSpec<T = unknown> {
  readonly name: string;
  readonly rule: Rule<T>;
  readonly help: string;
  /** What stands for the value in help, where the rule's own words are too many. */
  readonly placeholder?: string;
}

/** The value that a text given to an option spells. @throws `--n-init must be …, got …` */
export function parseOption<T>(name: string, rule: Rule<T>, given: string): T {
  const { words, parse } = kindOf(rule);
  const value = parse(given);
  if (value === undefined) throw new Error(`--${kebab(name)} must be ${words}, got ${JSON.stringify(given)}`);
  return value;
}

/** The option as the argument parser takes it, with its value checked. */
export function toOption<T>({ name, rule, help, placeholder }: OptionSpec<T>, group?: string): Option {
  const option = new Option(`--${kebab(name)} <${placeholder ?? kindOf(rule).placeholder}>`, help).argParser(
    (given: string) => parseOption(name, rule, given),
  );
  return group === undefined ? option : option.helpGroup(group);
}
