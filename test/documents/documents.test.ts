// Every block of code in the documents is executed as its reader would: programs in Node or Deno on the installed package, commands in
// a shell, pages in Chromium. A block that nothing here knows how to run fails.
import { readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { transform } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISOLATED, launchChromium, serve } from "../../scripts/runtimes/browser.mjs";
import { denoBinary } from "../../scripts/runtimes/deno.mjs";
import { openPage } from "../browser/page";
import { blocksOf, sameWords, stepsOf, type Step } from "./blocks";
import { prepare } from "./data";
import { documentFolder, runLine } from "./folder";
import { BUILT_PAGES, PAGES, type Expectation } from "./pages";
import { execute, removeFolder, root } from "../installed";

/** Folders with programs beside a README that says how to run them. */
const EXAMPLES = ["examples/node", "examples/deno"];
const guides = readdirSync(join(root, "docs/guides")).map((name) => `docs/guides/${name}`);
const DOCUMENTS = ["README.md", ...guides, ...EXAMPLES.map((path) => `${path}/README.md`)].map((path) => ({
  path,
  /** The folder that it is followed in. */
  name: path.replace(/^docs\/guides\/|(\b\/README)?\.md$/g, "").replace("/", "-"),
  steps: stepsOf(blocksOf(readFileSync(join(root, path), "utf8"))),
  examples: EXAMPLES.find((folder) => path.startsWith(folder)),
  isForDeno: /deno/.test(path),
}));
type Document = (typeof DOCUMENTS)[number];

let folder = "";
let browser: Browser;
beforeAll(async () => {
  folder = await documentFolder();
  browser = await launchChromium();
  for (const { name, steps, examples } of DOCUMENTS) {
    if (examples) await cp(join(root, examples), join(folder, name), { recursive: true });
    else await mkdir(join(folder, name));
    await symlink("../node_modules", join(folder, name, "node_modules"));
    await symlink("../node_modules/constella/dist", join(folder, name, "constella"));
    await prepare(name, join(folder, name));
    for (const step of steps)
      if (step.kind === "file" || step.kind === "program") {
        const path = join(folder, name, fileOf(step));
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, codeOf(step));
      }
  }
});
afterAll(async () => {
  await browser?.close();
  await removeFolder(folder);
});

const codeOf = ({ blocks }: Step): string => blocks.map(({ code }) => code).join("\n");
const fileOf = ({ blocks: [first] }: Step): string => first!.file ?? `line-${first!.line}.${first!.language}`;

/** Runs a program as it stands, without its types in Node. */
async function runProgram({ name, isForDeno }: Document, step: Step): Promise<string> {
  const at = join(folder, name);
  if (isForDeno) return execute(at, await denoBinary(), ["run", "--quiet", "--no-remote", "--allow-all", fileOf(step)]);
  const file = `line-${step.blocks[0]!.line}.mjs`;
  const { code } = await transform(codeOf(step), { loader: "ts", target: "es2022" });
  await writeFile(join(at, file), code);
  return execute(at, process.execPath, [file]);
}

async function runShell({ name }: Document, step: Step): Promise<string> {
  let output = "";
  for (const line of codeOf(step).split("\n"))
    if (/^[^#\s]/.test(line)) output += await runLine(join(folder, name), line);
  const built = BUILT_PAGES[`${name}: ${step.blocks[0]!.heading}`];
  if (built) await visit(join(folder, name, built.folder), built.expectation);
  return output;
}

/** Opens a page beside the folder `constella`, and sees whether it does what pages.ts expects of it. */
async function runPage({ name }: Document, step: Step): Promise<string> {
  const { heading, code } = step.blocks[0]!;
  const expectation = PAGES[`${name}: ${heading}`];
  if (!expectation) throw new Error(`nothing is expected of the page under ${heading}, test/documents/pages.ts`);
  await writeFile(join(folder, name, "index.html"), code);
  await visit(join(folder, name), expectation);
  return "";
}

/** Opens a folder's page; nothing may go wrong on it. */
async function visit(served: string, expectation: Expectation): Promise<void> {
  const server = await serve(served, ISOLATED);
  try {
    const { page, problems } = await openPage(browser, `${server.url}index.html`);
    await expectation(page);
    expect(problems).toEqual([]);
    await page.context().close();
  } finally {
    server.close();
  }
}

const RUN = { program: runProgram, shell: runShell, page: runPage };

describe.each(DOCUMENTS)("$path", (document) => {
  for (const step of document.steps.filter(({ kind }) => kind !== "file"))
    test(`line ${step.blocks[0]!.line}: ${step.kind} under ${step.blocks[0]!.heading}`, async () => {
      const output = await RUN[step.kind as keyof typeof RUN](document, step);
      if (step.output && !sameWords(output, step.output)) expect(output).toBe(step.output);
    });
});

/** Paths of all programs of documents, and of those beside them. */
const programs = (isForDeno: boolean): string[] =>
  DOCUMENTS.filter((document) => document.isForDeno === isForDeno).flatMap(({ name, steps, examples }) => {
    const own = steps.filter(({ kind }) => kind === "program" || kind === "file").map(fileOf);
    const beside = examples ? readdirSync(join(root, examples)) : [];
    return [...own, ...beside]
      .filter((file) => /\.(mjs|ts)$/.test(file) || file.startsWith("line-"))
      .map((file) => `${name}/${file}`);
  });

test.each([
  ["ts", { strict: true, noUncheckedIndexedAccess: true }],
  ["js", { allowJs: true, checkJs: true, strict: false }], // names and calls; JavaScript has no types for more
])("programs for Node have no type errors, %s", async (language, rules) => {
  const lib = ["es2023", "esnext.disposable", "dom", "dom.iterable"];
  const files = programs(false)
    .filter((path) => !path.includes("/wasm/")) // AssemblyScript
    .filter((path) => path.endsWith(".ts") === (language === "ts"));
  const common = { noEmit: true, skipLibCheck: true, target: "es2022", lib, types: ["node"], module: "nodenext" };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...common, ...rules }, files }));
  await execute(folder, process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."]);
});

test("programs for Deno have no type errors", async () => {
  await execute(folder, await denoBinary(), ["check", "--quiet", "--no-remote", ...programs(true)]);
});

test.each(EXAMPLES)("the README of %s says how to run each program beside it", (path) => {
  const readme = readFileSync(join(root, path, "README.md"), "utf8");
  for (const file of readdirSync(join(root, path)).filter((name) => /\.(mjs|ts)$/.test(name)))
    expect(readme).toMatch(new RegExp(`^(node|deno) .*\\b${file}\\b`, "m"));
});

describe("what no test knows how to run", () => {
  test.each([
    ["a language", "```python\nprint(1)\n```", "no test knows how to run this block of python"],
    ["no language", "```\nprint(1)\n```", "has no language"],
    ["a block that is part of no program", "```js\nconsole.log(1);\n```", "neither imports nor goes on"],
    ["a file that nothing uses", '```js unused.mjs\nimport "constella";\n```', "no other block uses unused.mjs"],
    ["a fence that is open", "```js\nimport 1;", "not closed"],
  ])("%s is an error", (_, text, message) => {
    expect(() => stepsOf(blocksOf(text))).toThrow(message);
  });

  test.each([
    "python3 x.py",
    "FOO=1 node x.mjs",
    "npm audit",
    "npm run unknown",
    "npx unknown",
    "npm install unknown-1",
  ])("the command %s is an error", async (line) => {
    await expect(runLine(join(folder, "README"), line)).rejects.toThrow();
  });
});
