// The package as users get it: packed, and installed in a fresh folder.
import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildDist } from "../scripts/build.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program; returns what it printed. @throws with its output when it fails */
export async function execute(
  folder: string,
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd: folder, env: environment, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(" ")} failed\n${stdout}${stderr}`, { cause: error });
  }
}

function npm(folder: string, ...args: string[]): Promise<string> {
  const script = process.env["npm_execpath"];
  return script ? execute(folder, process.execPath, [script, ...args]) : execute(folder, "npm", args);
}

/** A folder of a user's with the package installed from its tarball: `node_modules/constella` and what it depends on. */
export async function installPackage(): Promise<string> {
  await buildDist();
  const folder = await mkdtemp(join(tmpdir(), "constella-package-"));
  const packed = await npm(root, "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder);
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  const quietly = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await npm(folder, "install", "--omit=peer", "--omit=optional", ...quietly, `./${packed.trim().split("\n").at(-1)!}`);
  return folder;
}

/** Puts a package of this repository's beside the installed one, as a user would install it. */
export const addPackage = (folder: string, name: string): Promise<void> =>
  symlink(join(root, "node_modules", name), join(folder, "node_modules", name), "dir");

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
