// npm test: every test in Node on both devices (vitest), then every op once more in Deno. Ends with "N passed, N failed".
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./build.mjs";
import { runInDeno } from "./deno.mjs";
import { gpuEnvironment } from "./vulkan.mjs";

const environment = { ...process.env, ...(await gpuEnvironment()) };

/** Runs vitest, shows its output, returns its counts. */
async function runVitest(args) {
  const folder = await mkdtemp(join(tmpdir(), "constella-test-"));
  const file = join(folder, "results.json");
  const status = await new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${file}`,
        ...args,
      ],
      { cwd: root, stdio: "inherit", env: environment },
    );
    child.on("exit", (code) => resolve(code ?? 1));
  });
  const results = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
  await rm(folder, { recursive: true, force: true });
  const brokenFiles = (results.testResults ?? []).filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  ).length;
  const failed = (results.numFailedTests ?? 0) + brokenFiles;
  return { passed: results.numPassedTests ?? 0, failed: status !== 0 && failed === 0 ? 1 : failed };
}

const args = process.argv.slice(2);
const node = await runVitest(args);
console.log(`node ${process.version}: ${node.passed} passed, ${node.failed} failed`);
const deno = args.length > 0 ? { passed: 0, failed: 0 } : await runInDeno("test/deno.ts", environment);
if (args.length === 0) console.log(`deno: ${deno.passed} passed, ${deno.failed} failed`);

const passed = node.passed + deno.passed;
const failed = node.failed + deno.failed;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
