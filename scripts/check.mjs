// npm run check: types, lint, format and the documents of the API, as many side by side as there are processors. Each says what it finds when it is done.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { root } from "./root.mjs";

/** The longest first. */
const CHECKS = [
  ["node_modules/eslint/bin/eslint.js", "."],
  ["node_modules/typedoc/bin/typedoc", "--emit", "none"],
  ["node_modules/typescript/bin/tsc"],
  ["node_modules/typescript/bin/tsc", "-p", "scripts"],
  ["node_modules/prettier/bin/prettier.cjs", "--check", ".", "--log-level", "warn"],
];

/**
 * Runs a check; returns whether it found nothing.
 * @param {string[]} check
 */
async function passes([script, ...args]) {
  const child = spawn(process.execPath, [join(root, script), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }) },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on("close", resolve));
  process.stdout.write(output);
  return code === 0;
}

const left = [...CHECKS];
let failed = 0;
async function work() {
  for (let check = left.shift(); check; check = left.shift()) if (!(await passes(check))) failed++;
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
process.exitCode = failed > 0 ? 1 : 0;
