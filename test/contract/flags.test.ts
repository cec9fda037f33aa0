// Every option of the package that is true or false, found by its type, refuses what is neither; one that is added is tried without a line here.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const MODULES = import.meta.glob<Record<string, unknown>>(["../../src/index.ts", "../../src/*/index.ts"]);

/** Types with properties that may be true or false and are set by the library, or by whoever writes a method, not by those who use one. */
const WITHOUT_FLAGS = new Set([
  ...["OptionSet", "DECKind", "Rule", "MethodOption", "Method", "AnyMethod", "RunTask", "OpenRows", "Session"],
  ...["ProgressStream", "StageProgress", "StepReport", "SkyPanel"],
]);

/** An option that is true or false. */
interface Flag {
  /** Of the entry that has it. */
  readonly file: string;
  /** `matmul`, `new Linear`, `LearningToCluster#save`, `FitsWriter.create`. */
  readonly of: string;
  /** Which parameter has it. */
  readonly at: number;
  readonly name: string;
}

/** The files of the package's entries. */
function entries(): string[] {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
    exports: Record<string, { types?: string }>;
  };
  return Object.values(exports).flatMap(({ types }) =>
    types === undefined ? [] : [types.replace("./dist/types", "src").replace(".d.ts", ".ts")],
  );
}

const isPublic = ({ name, valueDeclaration }: ts.Symbol): boolean =>
  !name.startsWith("#") &&
  (valueDeclaration === undefined ||
    (ts.getCombinedModifierFlags(valueDeclaration) & ts.ModifierFlags.NonPublicAccessibilityModifier) === 0);

/** Flags of what programs export. */
function flagsOf(files: readonly string[]): Flag[] {
  const { config } = ts.readConfigFile("tsconfig.json", (file) => ts.sys.readFile(file)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ".");
  const program = ts.createProgram([...files, "src/assets.d.ts"], options);
  const checker = program.getTypeChecker();
  const isFlag = (given: ts.Type): boolean => {
    const type = checker.getNonNullableType(given);
    return (type.flags & ts.TypeFlags.BooleanLike) !== 0;
  };
  const flags = new Map<string, Flag>();
  for (const file of files) {
    const source = program.getSourceFile(file)!;
    const typeOf = (symbol: ts.Symbol): ts.Type => checker.getTypeOfSymbolAtLocation(symbol, source);
    const look = (of: string, signatures: readonly ts.Signature[]): void => {
      for (const { parameters } of signatures)
        for (const [at, parameter] of parameters.entries()) {
          const type = checker.getNonNullableType(typeOf(parameter));
          for (const part of type.isUnion() ? type.types : [type]) {
            const known = part.aliasSymbol?.name ?? part.symbol?.name;
            if (known !== undefined && WITHOUT_FLAGS.has(known)) continue;
            if (part.getCallSignatures().length > 0 || (part.flags & ts.TypeFlags.StructuredType) === 0) continue;
            for (const property of part.getProperties())
              if ((property.flags & ts.SymbolFlags.Optional) !== 0 && isFlag(typeOf(property))) {
                const { name } = property;
                flags.set(`${of} ${name}`, { file, of, at, name });
              }
          }
        }
    };
    const members = (of: string, properties: readonly ts.Symbol[]): void => {
      for (const member of properties) if (isPublic(member)) look(of + member.name, typeOf(member).getCallSignatures());
    };
    for (const exported of checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)) {
      const symbol = (exported.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(exported) : exported;
      if ((symbol.flags & ts.SymbolFlags.Value) === 0) continue;
      const { name } = exported;
      const type = typeOf(symbol);
      look(name, type.getCallSignatures());
      look(`new ${name}`, type.getConstructSignatures());
      if ((symbol.flags & ts.SymbolFlags.Class) === 0) continue;
      members(`${name}#`, checker.getDeclaredTypeOfSymbol(symbol).getProperties());
      members(`${name}.`, type.getProperties());
    }
  }
  return [...flags.values()];
}

/** What comes before the options, where that is looked at first. */
const BEFORE: Readonly<Record<string, readonly unknown[]>> = {
  "new Conv2d": [undefined, 1, 1, 1],
  "new ConvTranspose2d": [undefined, 1, 1, 1],
};

/** What a value says of an option, given what it misses one after the other; the flag is found before anything else is asked of what is given. */
async function answer({ file, of, at, name }: Flag, value: unknown): Promise<string> {
  const module = await MODULES[`../../${file}`]!();
  const [, constructed, exported, mark, member] = /^(new )?(\w+)(?:([#.])(\w+))?$/.exec(of)!;
  const made = module[exported!] as Record<string, (...args: unknown[]) => unknown> & { prototype: object };
  const owner = (mark === "#" ? made.prototype : made) as Record<string, (...args: unknown[]) => unknown>;
  const call = (options: object): unknown => {
    const args = Array.from({ length: at }, (_, i) => BEFORE[of]?.[i]);
    if (constructed !== undefined)
      return new (made as unknown as new (...args: unknown[]) => unknown)(...args, options);
    return member === undefined
      ? (made as unknown as (...args: unknown[]) => unknown)(...args, options)
      : owner[member]!(...args, options);
  };
  let options: Record<string, unknown> = { [name]: value };
  for (;;) {
    const message = await Promise.resolve()
      .then(() => call(options))
      .then(
        () => "none",
        (error: unknown) => (error as Error).message,
      );
    const missing = /: (\w+) is missing$/.exec(message)?.[1];
    if (missing === undefined || missing in options) return message;
    options = { ...options, [missing]: 1 };
  }
}

describe("options that are true or false", () => {
  const flags = flagsOf(entries());

  test("are found where they are", () => {
    const found = flags.map(({ of, name }) => `${of} ${name}`);
    for (const flag of ["matmul transA", "new Linear bias", "new DEC freezeEncoder", "tfidf smoothIdf", "LearningToCluster#save half", "FitsWriter.create gzip"]) expect(found).toContain(flag); // prettier-ignore
  });

  test.each(flags.map((flag): [string, Flag] => [`${flag.of} ${flag.name}`, flag]))("%s", async (_, flag) => {
    const { name } = flag;
    expect(await answer(flag, "no")).toMatch(new RegExp(`^[\\w.]+: ${name} must be true or false, got no$`));
    expect(await answer(flag, 1)).toMatch(new RegExp(`^[\\w.]+: ${name} must be true or false, got 1$`));
  });
});
