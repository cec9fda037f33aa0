// npm, npx and `deno add` as the documents' commands see them: packages come from this repository, and its long programs are run until
// they work. Runs as `node npm.mjs npm|npx|deno …` in the folder of a document.
import { spawn } from "node:child_process";
import { access, lstat, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scripts = JSON.parse(await readFile(join(root, "package.json"), "utf8")).scripts;

/** Training or evaluation is at work. */
const WORKS = /\d+ ?%|epoch|\b\d+ (of|\/) \d+/;

/**
 * How each script of the repository is run: with which further arguments, and up to what output; then it gets a Ctrl-C, and must end
 * as it does on one. Without `until` it runs to its end.
 */
const RUNS = {
  start: { args: (folder) => ["--out", folder], until: WORKS },
  "example:showers": { args: (folder) => ["--out", folder], until: WORKS },
  "example:points": { args: (folder) => ["--sets", "5", "--out", folder] },
  "example:glyphs": { args: (folder) => ["--out", folder], until: WORKS },
  "example:speakers": { args: (folder) => ["--out", folder], until: WORKS },
  "example:sky": { args: (folder) => ["--size", "64", "--seeds", "0", "--out", folder] },
  playground: { args: () => ["--no-open", "--port", "0"], until: /http:\/\/localhost:\d+/ },
  notebook: { args: (folder) => [join(folder, "notebook.ipynb")] },
  build: { args: () => [] },
  site: { args: (folder) => ["--small", "--out", join(folder, "site")] },
};

/** What a program is ended with by Ctrl-C, or by the signal itself. */
const ENDED = [130, "SIGINT"];

function fail(message) {
  throw new Error(message);
}

/** Runs a program of the repository in a process group of its own; returns how it ended. `npx` passes on what is piped into it. */
function run(command, args, cwd, { until = undefined, input = "ignore" } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: [input, "pipe", "pipe"], detached: true, timeout: 240_000 });
    let text = "";
    let interrupted = false;
    const read = (stream, chunk) => {
      stream.write(chunk);
      text += chunk;
      if (interrupted || !until?.test(text)) return;
      interrupted = true;
      process.kill(-child.pid, "SIGINT"); // as a terminal does: to the whole group
    };
    child.stdout.on("data", (chunk) => read(process.stdout, chunk));
    child.stderr.on("data", (chunk) => read(process.stderr, chunk));
    child.on("exit", (code, signal) => {
      resolve({ status: code ?? signal, interrupted });
    });
  });
}

async function runScript(name, args) {
  const script = scripts[name] ?? fail(`package.json has no script ${name}`);
  if (name === "test") return; // what runs this
  const how = RUNS[name] ?? fail(`no test knows how to run the script ${name}`);
  const folder = await mkdtemp(join(tmpdir(), "constella-script-"));
  try {
    const [program, ...first] = script.split(" && ").at(-1).split(" ");
    const command = program === "node" ? process.execPath : fail(`no test knows how to run ${program}`);
    const { status, interrupted } = await run(command, [...first, ...args, ...how.args(folder)], root, how);
    const expected = how.until ? interrupted && ENDED.includes(status) : status === 0;
    if (!expected)
      fail(`npm run ${name} ended with ${status}${how.until && !interrupted ? " before it was at work" : ""}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Puts the repository's copy of a package where `npm install` would put it. */
async function install(name) {
  const modules = join(process.cwd(), "../node_modules");
  const target = join(modules, name);
  if (await lstat(target).catch(() => null)) return;
  const source = join(root, "node_modules", name);
  await access(source).catch(() => fail(`npm install ${name}: the repository has no such package to test with`));
  await mkdir(dirname(target), { recursive: true });
  await symlink(source, target, "dir");
}

async function runBinary([name, ...args]) {
  const own = join(process.cwd(), "../node_modules/.bin", name);
  const binary = (await lstat(own).catch(() => null)) ? own : join(root, "node_modules/.bin", name);
  await access(binary).catch(() => fail(`npx ${name}: the repository has no such program to test with`));
  const { status } = await run(binary, args, process.cwd(), { input: "inherit" });
  process.exitCode = status === 0 ? 0 : 1;
}

async function main([program, command, ...rest]) {
  const args = rest
    .filter((word) => word !== "--")
    .map((word, i, all) => (all[i - 1] === "--data" ? resolve(word) : word));
  if (program === "npx") return runBinary([command, ...rest]);
  if (program === "deno") return Promise.all(args.map((name) => install(name.replace(/^npm:/, ""))));
  if (command === "install") return Promise.all(args.map(install));
  if (command === "start" || command === "test") return runScript(command, args);
  if (command === "run") return runScript(args[0], args.slice(1));
  return fail(`no test knows how to run npm ${command}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
