// How texts spell what rules hold: made of the rules, for the command line and for forms.
import type { Rule } from "./options";

/** How a form asks for a value. */
export type FormField =
  | { readonly type: "number"; readonly min?: number; readonly max?: number; readonly step: number | "any" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "text" };

/** How a text spells a value that keeps a rule. */
export interface Kind<T = unknown> {
  /** How help shows a value: N. */
  readonly placeholder: string;
  /** In words, after "must be": a whole number from 1. */
  readonly words: string;
  /** The value of a text; undefined where it breaks the rule. */
  parse(text: string): T | undefined;
  readonly field: FormField;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const FLAGS: Readonly<Record<string, boolean>> = { yes: true, true: true, no: false, false: false };

const isSpelled = ({ spelled }: Rule): boolean =>
  spelled !== undefined &&
  (spelled.as === "list" ? isSpelled(spelled.each) : spelled.as !== "either" || spelled.rules.some(isSpelled));

/** How texts spell what a rule holds. @throws where no text can */
export function kindOf<T>(rule: Rule<T>): Kind<T> {
  const { words, spelled } = rule;
  const kind = (
    placeholder: string,
    inWords: string,
    field: FormField,
    valueOf: (text: string) => unknown,
  ): Kind<T> => ({
    ...{ placeholder, words: inWords, field },
    parse: (text) => {
      const value = valueOf(text);
      return rule.holds(value) ? (value as T) : undefined;
    },
  });
  if (spelled?.as === "number") {
    const { step, min = -Infinity, max = Infinity } = spelled;
    const bounds = { ...(min > -Infinity && { min }), ...(max < Infinity && { max }) };
    const field = { type: "number", step, ...bounds } as const;
    return kind(step === 1 ? "N" : "X", words, field, (text) => (NUMBER.test(text) ? Number(text) : undefined));
  }
  if (spelled?.as === "choice")
    return kind(spelled.choices.join("|"), words, { type: "choice", choices: spelled.choices }, (text) => text);
  if (spelled?.as === "flag")
    return kind("yes|no", "yes or no", { type: "choice", choices: ["yes", "no"] }, (text) =>
      Object.hasOwn(FLAGS, text) ? FLAGS[text] : undefined,
    );
  if (spelled?.as === "list") {
    const each = kindOf(spelled.each);
    const inWords = `${spelled.least} or more, each ${each.words}, separated by commas`;
    return kind(`${each.placeholder},${each.placeholder},…`, inWords, { type: "text" }, (text) =>
      text.split(",").map((part) => each.parse(part.trim())),
    );
  }
  if (spelled?.as === "text") return kind(spelled.placeholder, words, { type: "text" }, spelled.parse);
  const kinds = (spelled?.rules ?? []).filter(isSpelled).map(kindOf);
  if (kinds.length === 0) throw new Error(`kindOf: a text must be able to spell the rule, got one that is ${words}`);
  return kind(
    kinds.map(({ placeholder }) => placeholder).join("|"),
    kinds.map(({ words }) => words).join(", or "),
    eitherField(kinds.map(({ field }) => field)),
    (text) => kinds.map((each) => each.parse(text)).find((value) => value !== undefined),
  );
}

/** A field that takes what any of several do. */
function eitherField(fields: readonly FormField[]): FormField {
  if (fields.length === 1) return fields[0]!;
  if (fields.some(({ type }) => type !== "number")) return { type: "text" };
  const least = fields.map((field) => (field.type === "number" ? (field.min ?? -Infinity) : 0));
  const min = Math.min(...least);
  return { type: "number", step: "any", ...(min > -Infinity && { min }) };
}
