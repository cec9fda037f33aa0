// npm test: every test in Node on both devices (vitest), then every op and every method once more in Deno and in Chromium. Ends with "N passed, N failed".
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./root.mjs";
import { runInBrowser } from "./runtimes/browser.mjs";
import { runInDeno } from "./runtimes/deno.mjs";
import { gpuEnvironment } from "./runtimes/vulkan.mjs";

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
const results = [{ name: `Node ${process.version}`, ...(await runVitest(args)) }];
if (args.length === 0) {
  const runs = [runInDeno, runInBrowser].map((run) =>
    run("test/runtime.ts", environment).catch((error) => failure(run.name, error)),
  );
  results.push(...(await Promise.all(runs)));
}

/** A runtime that is missing or does not start. */
function failure(name, error) {
  console.log(`${name}: ${error.message}`);
  return { name, passed: 0, failed: 1 };
}

for (const { name, passed, failed } of results) console.log(`${name}: ${passed} passed, ${failed} failed`);
const passed = results.reduce((total, result) => total + result.passed, 0);
const failed = results.reduce((total, result) => total + result.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
