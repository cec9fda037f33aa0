// What every npm command runs first: installs what is missing and compiles what is stale. Quiet and quick when nothing is.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const lock = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
const stamp = "node_modules/.constella-lock";
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.log("installing packages (once) …");
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ["npm", []];
  const { status } = spawnSync(
    command,
    [...first, "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"],
    { stdio: "inherit" },
  );
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, lock);
}
const { buildWasm } = await import("./build.mjs");
await buildWasm();
