// The folder that the documents are followed in: the package as a user installs it, and the programs that commands may name.
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { denoBinary } from "../../scripts/runtimes/deno.mjs";
import { addPackage, execute, installPackage, root } from "../installed";

/** Programs that a block of commands may begin a line with. */
const PROGRAMS = ["constella", "node", "npm", "npx", "deno"];

/** Installs the package, and puts an `npm`, `npx` and `deno add` before those of the system: see npm.mjs. */
export async function documentFolder(): Promise<string> {
  const folder = await installPackage();
  for (const name of ["@types", "undici-types", "typescript"]) await addPackage(folder, name).catch(existing);
  const bin = join(folder, "bin");
  await mkdir(bin);
  const emulated = `exec "${process.execPath}" "${join(root, "test/documents/npm.mjs")}"`;
  const scripts = {
    npm: `${emulated} npm "$@"`,
    npx: `${emulated} npx "$@"`,
    deno: `[ "$1" = add ] && ${emulated} deno "$@"\nexec "${await denoBinary()}" "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
  await symlink(join(folder, "node_modules/.bin/constella"), join(bin, "constella"));
  return folder;
}

/** A dependency of the package's is there already. */
function existing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
}

/** Runs a line of a block of commands in a folder of the documents'; returns what it printed. @throws when no test knows the program, or it fails */
export async function runLine(folder: string, line: string): Promise<string> {
  const program = /^\S+/.exec(line)?.[0] ?? "";
  if (!PROGRAMS.includes(program)) throw new Error(`no test knows how to run ${program}`);
  const path = [join(folder, "../bin"), process.env["PATH"]].join(":");
  return execute(folder, "sh", ["-c", line], { ...process.env, PATH: path, NO_COLOR: "1" });
}
