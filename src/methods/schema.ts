// The options of a method, declared once: their kinds, defaults and help. Flags, forms, tables and checks are made of this.
import { checkOptions } from "../checks";
import type { OptionSet } from "../lifecycle/model";
import type { Rule } from "../options";
import type { CommonOptions, Method } from "./method";

/** An option as the library spells it. */
export interface OptionSpec<T = unknown> {
  /** That of the model, or of what the option becomes there. */
  readonly rule: Rule<T>;
  /** The value where none is given; left out where that depends on the data or on other options, which `unset` says in words. */
  readonly default?: T;
  readonly unset?: string;
  /** What it is, without its default: items a step. */
  readonly help: string;
  /** "fit": an option of `fit`, where all else are given to `make`. */
  readonly of?: "fit";
  /** Whether a resumed training may change it. */
  readonly resumable?: boolean;
  /** Whether it prepares stamps one by one: a whole field is taken without it. */
  readonly single?: boolean;
}

/** What a descriptor says of an option whose rule and default are the model's own: its help, and what else there is. */
export type Described = string | Omit<OptionSpec, "rule" | "default">;

/** Options of a model with its own rules and defaults, and what the descriptor says of them. */
export function described<S extends object, Names extends keyof S & string>(
  { rules, defaults }: OptionSet<S>,
  words: Readonly<Record<Names, Described>>,
): { readonly [Name in Names]: OptionSpec<NonNullable<S[Name]>> } {
  const specs = Object.entries<Described>(words).map(([name, said]) => {
    const spec = typeof said === "string" ? { help: said } : said;
    const value = defaults[name as Names];
    const isDefault = value !== undefined && spec.unset === undefined;
    return [name, { rule: rules[name as Names], ...(isDefault && { default: value }), ...spec }];
  });
  return Object.fromEntries(specs) as { readonly [Name in Names]: OptionSpec<NonNullable<S[Name]>> };
}

/** A specification of every option of O but those that all methods have: one that is missing, or too many, is an error of the compiler. */
export type Schema<O> = { readonly [K in Exclude<keyof O, keyof CommonOptions>]-?: OptionSpec<NonNullable<O[K]>> };

/** Options by name. */
export type OptionValues = Readonly<Record<string, unknown>>;

/** A method whose options are known by their schema alone, as the index gives it. */
export type AnyMethod = Method<CommonOptions>;

/** The options of a method in their order. */
export const optionsOf = ({ options }: AnyMethod): readonly (readonly [string, OptionSpec])[] =>
  Object.entries(options as Readonly<Record<string, OptionSpec>>);

/** The values that are in force where none is given; without those that depend on the data. */
export const defaultsOf = (method: AnyMethod): Record<string, unknown> =>
  Object.fromEntries(optionsOf(method).flatMap(([name, spec]) => ("default" in spec ? [[name, spec.default]] : [])));

/** The options of `fit`, and the others, of those that are given. */
export function splitOptions(
  method: AnyMethod,
  given: OptionValues,
): { readonly ofModel: Record<string, unknown>; readonly ofFit: Record<string, unknown> } {
  const fit = new Set(optionsOf(method).flatMap(([name, spec]) => (spec.of === "fit" ? [name] : [])));
  const part = (wanted: boolean): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(given).filter(([name, value]) => value !== undefined && fit.has(name) === wanted),
    );
  return { ofModel: part(false), ofFit: part(true) };
}

/**
 * Holds options against the schema of a method: names, then values. `spelled` gives an option its name in the message.
 * @throws `kmeans: nInit must be a whole number from 1, got 0`, `kmeans: unknown option …`, `kmeans: nClusters is missing`
 */
export function checkMethodOptions(method: AnyMethod, given: OptionValues): void {
  const { name, clusters } = method;
  const tells = clusters === "given" || clusters === "either";
  const known = [...optionsOf(method).map(([option]) => option), ...(tells ? ["nClusters"] : []), "seed", "device"];
  checkOptions(name, given, known, clusters === "given" ? ["nClusters"] : []);
  for (const [option, { rule }] of optionsOf(method)) {
    const value = given[option];
    if (value !== undefined && !rule.holds(value))
      throw new Error(`${name}: ${option} must be ${rule.words}, got ${spell(value)}`);
  }
}

/** A value as the command line spells it. */
export const spell = (value: unknown): string =>
  Array.isArray(value) ? value.join(",") : typeof value === "boolean" ? (value ? "yes" : "no") : String(value);

/** `nInit` as the command line spells it: `n-init`; `nClusters` is `clusters`. */
export const kebab = (name: string): string =>
  name === "nClusters" ? "clusters" : name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
