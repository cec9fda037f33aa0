// Runs a bundled test program in Deno, from npm's `deno` package: the binary itself, without its install script.
import { spawn } from "node:child_process";
import { access, chmod, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../root.mjs";
import { bundle } from "../run.mjs";

/** Path of the Deno binary for this platform. @throws when npm did not install one */
export async function denoBinary() {
  const libc = process.platform === "linux" ? "-glibc" : "";
  const name = `@deno/${process.platform}-${process.arch}${libc}`;
  const folder = join(createRequire(join(root, "package.json")).resolve(`${name}/package.json`), "..");
  const binary = join(folder, process.platform === "win32" ? "deno.exe" : "deno");
  await access(binary);
  await chmod(binary, 0o755).catch(() => {});
  return binary;
}

/** Runs `entry` in Deno; its last line must be `N passed, N failed`. A run that ends without one counts as a failure. */
export async function runInDeno(entry, environment) {
  const program = await bundle(join(root, entry), { platform: "neutral", small: true });
  const binary = await denoBinary();
  let output = "";
  const status = await new Promise((resolve) => {
    const child = spawn(binary, ["run", "--allow-all", "--quiet", program], {
      cwd: root,
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on("error", () => resolve(1));
    child.on("exit", (code) => resolve(code ?? 1));
  });
  await rm(program, { force: true });
  const name = "Deno";
  const counts = /(\d+) passed, (\d+) failed\s*$/.exec(output);
  if (!counts) return { name, passed: 0, failed: 1 };
  const failed = Number(counts[2]);
  return { name, passed: Number(counts[1]), failed: status !== 0 && failed === 0 ? 1 : failed };
}
