// The tables of methods and options in README and the guides, made of the descriptors; `npm run tables` writes them, and a test sees that they are so.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { kindOf, loadMethods, optionsOf } from "../../src/methods";
import type { AnyMethod, OptionSpec } from "../../src/methods";
import { flagOf } from "../../src/cli/method-options";
import { spell } from "../../src/methods/schema";

const root = pathToFileURL(`${process.cwd()}/`);

/** What each document says of the methods. */
const DOCUMENTS: Readonly<Record<string, (methods: readonly AnyMethod[]) => string>> = {
  "README.md": methodTable,
  "docs/guides/methods.md": (methods) => [methodTable(methods), ...methods.map(optionTable)].join("\n\n"),
};

const [BEGIN, END] = ["<!-- methods: made by npm run tables -->", "<!-- end of methods -->"];

const CLUSTERS = { given: "told", found: "found", either: "told or found", none: "none" } as const;

const cell = (text: string): string => text.replaceAll("|", "\\|");

const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;

function methodTable(methods: readonly AnyMethod[]): string {
  const rows = methods.map(({ name, title, summary, takes, clusters, paper }) =>
    row(`\`${name}\``, `${title}: ${summary} (${paper})`, takes.join(", "), CLUSTERS[clusters]),
  );
  return [row("method", "how it clusters", "takes", "number of clusters"), "|---|---|---|---|", ...rows].join("\n");
}

function optionTable(method: AnyMethod): string {
  const { name, title, summary, paper } = method;
  const value = (spec: OptionSpec): string => ("default" in spec ? spell(spec.default) : (spec.unset ?? "none"));
  const rows = optionsOf(method).map(([option, spec]) =>
    row(`\`${option}\``, `\`${flagOf(option)}\``, kindOf(spec.rule).words, value(spec), spec.help),
  );
  const table = [row("option", "flag", "must be", "default", "what it is"), "|---|---|---|---|---|", ...rows].join(
    "\n",
  );
  return `## ${title}\n\n\`${name}\`: ${capital(summary)}. ${paper}.\n\n${table}`;
}

/** A document with its tables as they must be, and as it has them. @throws where it has no place for them */
async function tablesOf(path: string): Promise<{ readonly now: string; readonly must: string }> {
  const now = await readFile(fileURLToPath(new URL(path, root)), "utf8");
  const [begin, end] = [now.indexOf(BEGIN), now.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for tables: ${BEGIN} … ${END}`);
  const tables = DOCUMENTS[path]!(await loadMethods());
  return { now, must: `${now.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${now.slice(end)}` };
}

/** Documents whose tables differ from the descriptors. */
export async function outdated(): Promise<string[]> {
  const found = await Promise.all(
    Object.keys(DOCUMENTS).map(async (path) => {
      const { now, must } = await tablesOf(path);
      return now === must ? [] : [path];
    }),
  );
  return found.flat();
}

/** Writes the tables anew. */
export async function writeTables(): Promise<void> {
  for (const path of Object.keys(DOCUMENTS))
    await writeFile(fileURLToPath(new URL(path, root)), (await tablesOf(path)).must);
}
