import ts from "typescript";
import { expect, test } from "vitest";

/** What tsc says of a file, under the options of this repository. */
function problemsOf(file: string): string[] {
  const { config } = ts.readConfigFile("tsconfig.json", (path) => ts.sys.readFile(path)) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const program = ts.createProgram([file], { ...options, incremental: false, tsBuildInfoFile: undefined });
  const diagnostics = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

test("tsc refuses launches with a missing or misspelt argument, and takes those that are right", () => {
  expect(problemsOf("test/contract/launches.ts")).toEqual([]);
});
