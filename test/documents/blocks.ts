// The code blocks of a document, and the steps that they make.

/** A fenced block. */
export interface Block {
  /** First word after the fence. */
  readonly language: string;
  /** Second word: the file that the block is. */
  readonly file: string | undefined;
  readonly code: string;
  /** Line of the document where the code begins, from 1. */
  readonly line: number;
  /** The heading above it. */
  readonly heading: string;
}

/** What a test does for one block or more: runs a program, commands or a page, or writes a file that another step uses. */
export interface Step {
  readonly kind: "program" | "shell" | "page" | "file";
  readonly blocks: Block[];
  /** What the document says that it prints; "" where it does not say. */
  output: string;
}

const KINDS: Readonly<Record<string, Step["kind"]>> = { ts: "program", js: "program", sh: "shell", html: "page" };

/** @throws when a fence is not closed, or has no language */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  let heading = "";
  for (let i = 0; i < lines.length; i++) {
    heading = /^#+ (.*)/.exec(lines[i]!)?.[1] ?? heading;
    const [, indent, info] = /^(\s*)```(.*)$/.exec(lines[i]!) ?? [];
    if (indent === undefined) continue;
    const end = lines.findIndex((line, at) => at > i && line.trim() === "```");
    const [language, file] = info!.trim().split(/\s+/);
    if (end < 0) throw new Error(`line ${i + 1}: the fence is not closed`);
    if (!language) throw new Error(`line ${i + 1}: the block has no language`);
    const code = lines.slice(i + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ language, file, code: `${code.join("\n")}\n`, line: i + 2, heading });
    i = end;
  }
  return blocks;
}

/**
 * The steps that blocks make. A block of JavaScript or TypeScript that imports begins a program, one that does not goes on with the
 * program above it. `text` is what the block above it prints. A block with a file's name is that file, which another block must name.
 * @throws for a block that is none of these
 */
export function stepsOf(blocks: readonly Block[]): Step[] {
  const steps: Step[] = [];
  let current: Step | undefined;
  for (const block of blocks) {
    const { language, file, code, line } = block;
    const kind = file ? "file" : KINDS[language];
    if (language === "text" && !file && current) current.output += code;
    else if (!kind) throw new Error(`line ${line}: no test knows how to run this block of ${language}`);
    else if (kind === "program" && !/^import\b/m.test(code)) {
      current = steps.findLast((step) => step.kind === "program");
      if (!current) throw new Error(`line ${line}: the block neither imports nor goes on with a program`);
      current.blocks.push(block);
    } else steps.push((current = { kind, blocks: [block], output: "" }));
    const names = (other: Block): boolean =>
      other !== block && file!.split("/").some((part) => other.code.includes(part));
    if (file && !blocks.some(names)) throw new Error(`line ${line}: no other block uses ${file}`);
  }
  return steps;
}

/** Whether two texts say the same but for their numbers and the width of their columns. */
export const sameWords = (a: string, b: string): boolean => words(a) === words(b);

const words = (text: string): string =>
  text
    .replace(/[-−]?\d+(\.\d+)?(e[-+]?\d+)?/g, "0")
    .replace(/\s+/g, " ")
    .trim();
