// A Chromium to test pages in: the one on PATH, or the one of the environment variable CHROMIUM, else the one inside @sparticuz/chromium.
import { execFile } from "node:child_process";
import { access, chmod, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { root } from "./build.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** WebGPU on SwiftShader, which every machine can run. */
const ARGUMENTS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--no-sandbox"];

const unbrotli = promisify(brotliDecompress);

const exists = (path, mode = constants.F_OK) =>
  access(path, mode).then(
    () => true,
    () => false,
  );

async function onPath() {
  for (const folder of (process.env.PATH ?? "").split(delimiter))
    for (const name of NAMES)
      if (folder && (await exists(join(folder, name), constants.X_OK))) return join(folder, name);
  return undefined;
}

/** Whether the program starts as the environment stands: where libraries are missing it does not. */
const starts = (executable, env) =>
  promisify(execFile)(executable, ["--version", "--no-sandbox"], { env }).then(
    () => true,
    () => false,
  );

/** Unpacks Chromium, SwiftShader and the libraries that a bare system lacks, once. */
async function unpacked() {
  const packed = join(root, "node_modules/@sparticuz/chromium/bin");
  const cache = join(root, "node_modules/.cache/constella");
  const folder = join(cache, "chromium");
  if (!(await exists(join(folder, "chromium")))) {
    const { extract } = await import("tar");
    await mkdir(cache, { recursive: true });
    const temporary = await mkdtemp(join(cache, "chromium-"));
    await writeFile(join(temporary, "chromium"), await unbrotli(await readFile(join(packed, "chromium.br"))));
    await chmod(join(temporary, "chromium"), 0o755);
    for (const name of ["swiftshader", "al2023", "fonts"]) {
      const tar = join(temporary, `${name}.tar`);
      await writeFile(tar, await unbrotli(await readFile(join(packed, `${name}.tar.br`))));
      await extract({ file: tar, cwd: temporary });
      await rm(tar);
    }
    await rename(temporary, folder).catch(() => rm(temporary, { recursive: true, force: true }));
  }
  const executable = join(folder, "chromium");
  if (await starts(executable, process.env)) return { executable, env: { ...process.env } };
  const libraries = [join(folder, "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  return { executable, env: { ...process.env, LD_LIBRARY_PATH: libraries } };
}

/** The program and the environment it runs in. @throws where there is none for this platform */
export async function findChromium() {
  const given = process.env.CHROMIUM ?? (await onPath());
  if (given) return { executable: given, env: { ...process.env } };
  if (process.platform === "linux" && process.arch === "x64") return unpacked();
  throw new Error(
    "chromium: none on PATH; install Chromium or Chrome, or name it in the environment variable CHROMIUM",
  );
}

/**
 * Starts a headless Chromium with WebGPU; close it.
 * @returns {Promise<import("playwright-core").Browser>}
 */
export async function launchChromium() {
  const { chromium } = await import("playwright-core");
  const { executable, env } = await findChromium();
  return chromium.launch({ executablePath: executable, args: ARGUMENTS, env, headless: true });
}
