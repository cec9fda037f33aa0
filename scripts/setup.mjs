// What every npm command runs first: installs what is missing and compiles what is stale. Quiet and quick when nothing is.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** The packages of a lock file by path; npm writes one of what it installed into node_modules. */
function packages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return {};
  }
}

/** Whether packages are installed as they are locked; optional ones may be missing, they are for other platforms. */
function isInstalled() {
  const [locked, installed] = [packages("package-lock.json"), packages("node_modules/.package-lock.json")];
  return Object.entries(locked).every(([path, { version, integrity, optional }]) => {
    if (path === "") return true;
    const found = installed[path];
    return found ? found.version === version && found.integrity === integrity : optional === true;
  });
}

if (!isInstalled()) {
  console.log("installing packages (once) …");
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const { status } = spawnSync(command, [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
const { buildWasm, writeKernelTypes } = await import("./build.mjs");
await Promise.all([writeKernelTypes(), buildWasm()]);
