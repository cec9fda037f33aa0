import { Option } from "commander";
import type { Kind } from "../kinds";
import { kebab } from "../methods/schema";

export { flag, nonNegative, number, oneOf, positive, share, text, whole, wholes } from "../kinds";
export type { Kind } from "../kinds";
export { kebab, spell } from "../methods/schema";

/** An option of a command, by the library's name: `nInit` is spelled `--n-init`. */
export interface OptionSpec<T = unknown> {
  readonly name: string;
  readonly kind: Kind<T>;
  readonly help: string;
}

/** The value that a text given to an option spells. @throws `--n-init must be …, got …` */
export function parseOption<T>(name: string, kind: Kind<T>, given: string): T {
  const value = kind.parse(given);
  if (value === undefined) throw new Error(`--${kebab(name)} must be ${kind.rule}, got ${JSON.stringify(given)}`);
  return value;
}

/** The option as the argument parser takes it, with its value checked. */
export function toOption<T>({ name, kind, help }: OptionSpec<T>, group?: string): Option {
  const option = new Option(`--${kebab(name)} <${kind.placeholder}>`, help).argParser((given: string) =>
    parseOption(name, kind, given),
  );
  return group === undefined ? option : option.helpGroup(group);
}
