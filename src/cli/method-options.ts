// Flags of the methods, made of their schemas: all are known to the parser, and each is held against the method that is asked for.
import { Option } from "commander";
import { kindOf } from "../kinds";
import { optionsOf } from "../methods";
import type { AnyMethod, OptionSpec } from "../methods";
import { DATA_OPTIONS } from "./data/options";
import { DEVICE_OPTIONS } from "./device";
import { kebab, parseOption, spell } from "./option";
import { wrapped } from "./wrap";

/** Names that the commands have for themselves: those of reading data, and of what is written where. */
const TAKEN: ReadonlySet<string> = new Set([
  ...[...DATA_OPTIONS, ...DEVICE_OPTIONS].map(({ name }) => name),
  ...["method", "clusters", "scale", "seed", "out", "resume", "json", "quiet", "dropoutRuns"],
]);

/** The name of a method's option for the parser: one that commands have too is the method's, `--method-columns`. */
const parserName = (name: string): string =>
  TAKEN.has(name) ? `method${name[0]!.toUpperCase()}${name.slice(1)}` : name;

/** Options that every method is given, for which the commands have the flags. */
const SHARED: Readonly<Record<string, string>> = { nClusters: "--clusters", seed: "--seed" };

/** The flag of a method's option. */
export const flagOf = (name: string): string => SHARED[name] ?? `--${kebab(parserName(name))}`;

/** Every flag of the methods, for the parser: values stay texts until the method is known. Help lists them method by method. */
export function methodFlags(methods: readonly AnyMethod[]): Option[] {
  const rules = new Map(
    methods.flatMap((method) => optionsOf(method).map(([name, { rule }]) => [name, rule] as const)),
  );
  return [...rules].map(([name, rule]) => {
    const { placeholder } = kindOf(rule);
    const isFlag = rule.spelled?.as === "flag";
    const option = new Option(`${flagOf(name)} ${isFlag ? "[yes|no]" : `<${placeholder}>`}`).hideHelp();
    return isFlag ? option.preset("yes") : option;
  });
}

/** The options of a method among those that were given, by the library's names. @throws for the first that is another method's, or breaks its rule */
export function methodOptions(
  method: AnyMethod,
  methods: readonly AnyMethod[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const own = new Map(optionsOf(method).map(([name, spec]) => [parserName(name), { name, spec }] as const));
  const found: Record<string, unknown> = {};
  for (const [flag, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const option = own.get(flag);
    if (option) found[option.name] = parseOption(parserName(option.name), option.spec.rule, String(value));
    else {
      const others = methods.filter((other) => optionsOf(other).some(([name]) => parserName(name) === flag));
      if (others.length > 0)
        throw new Error(
          `--${kebab(flag)} is an option of ${others.map((other) => other.name).join(", ")}, not of ${method.name}`,
        );
    }
  }
  return found;
}

/** A message of a method in the words of the command line: `dec: nInit must be …` is `--n-init must be …`. */
export function inFlags(method: AnyMethod, message: string): string {
  const begin = `${method.name}: `;
  if (!message.startsWith(begin)) return message;
  const names = [...optionsOf(method).map(([name]) => name), "nClusters", "seed"];
  return message.slice(begin.length).replace(/[A-Za-z]+/g, (word) => (names.includes(word) ? flagOf(word) : word));
}

/** A value in force where none is given, in words. */
export const defaultInWords = (spec: OptionSpec): string =>
  "default" in spec ? spell(spec.default) : (spec.unset ?? "none");

/** What `constella help METHOD` shows. */
export function methodHelp(method: AnyMethod): string {
  const { name, title, summary, paper, takes, clusters } = method;
  const told = {
    given: "told by --clusters",
    found: "found by the method",
    either: "told by --clusters, else found",
    none: "none: it places items, and finds no clusters",
  };
  const example = `constella ${clusters === "none" ? "embed" : "cluster"} ${takes[0] === "cube" ? "cube.fits" : "data.npy"} --method ${name}${clusters === "given" ? " --clusters 10" : ""} --out run`;
  const rows = optionsOf(method).map(([option, spec]): [string, string] => [
    `${flagOf(option)} <${kindOf(spec.rule).placeholder}>`,
    `${spec.help} (default ${defaultInWords(spec)})`,
  ]);
  const head = [
    `${title} (${name})`,
    "",
    ...wrapped(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`),
    ...wrapped(paper),
    "",
    `Takes     ${takes.join(", ")}`,
    `Clusters  ${told[clusters]}`,
    "",
    `  ${example}`,
  ];
  return [...head, ...(rows.length > 0 ? ["", "Options:", ...columns(rows)] : [])].join("\n");
}

/** The methods with the names of their options, for the help of a command. */
export function methodList(methods: readonly AnyMethod[]): string {
  const lines = methods.flatMap((method) => {
    return [
      ...columns([[method.name, `${method.title}: ${method.summary}`]]),
      ...wrapped(
        optionsOf(method)
          .map(([name]) => flagOf(name))
          .join(" "),
        6,
      ),
    ];
  });
  return ["Methods and their options (constella help METHOD says more):", ...lines].join("\n");
}

const TERM_WIDTH = 24;

/** Terms and what they mean in two columns; long terms stand above. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  return rows.flatMap(([term, meaning]) => {
    const lines = wrapped(meaning, 2 + TERM_WIDTH);
    if (term.length >= TERM_WIDTH) return [`  ${term}`, ...lines];
    return [`  ${term.padEnd(TERM_WIDTH)}${lines[0]!.trimStart()}`, ...lines.slice(1)];
  });
}
