import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";

const source = (name: string) => JSON.stringify(new URL(`../../src/${name}`, import.meta.url).pathname);

/** All of the data layer with its dependencies, as a page would load it. */
const program = `
  export * from ${source("ndarray.ts")};
  export * from ${source("matrix.ts")};
  export * from ${source("data/formats/npy/npy.ts")};
  export * from ${source("data/formats/npy/npz.ts")};
  export * from ${source("data/formats/idx.ts")};
  export * from ${source("data/formats/csv/csv.ts")};
  export * from ${source("data/formats/safetensors.ts")};
  export * from ${source("data/formats/files.ts")};
`;

const use = `
  const x = new data.NdArray(Float32Array.of(1, 2, 3, 4), [2, 2]);
  const back = [
    data.readNpy(data.writeNpy(x.T)),
    data.readNpzArray(data.writeNpz({ x: x.T }), "x"),
    data.readIdx(data.writeIdx(x.T)),
    data.readCsv(data.writeCsv(x.T)).data,
    data.readSafetensors(data.writeSafetensors({ x: x.T })).tensors.get("x"),
  ];
  console.log(back.map(({ data }) => data.join(" ")).join(", "));
`;

test("the bundle for browsers imports nothing and runs where generating code from strings is forbidden", async () => {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: new URL("../..", import.meta.url).pathname, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
  });
  const text = outputFiles[0]!.text;
  expect(text).not.toMatch(/^import |\bimport\s*\(|\brequire\("/m);
  const folder = await mkdtemp(join(tmpdir(), "constella-bundle-"));
  try {
    await writeFile(join(folder, "data.mjs"), text);
    await writeFile(join(folder, "use.mjs"), `import * as data from "./data.mjs";${use}`);
    const flags = ["--disallow-code-generation-from-strings", join(folder, "use.mjs")];
    const { stdout } = await promisify(execFile)(process.execPath, flags);
    expect(stdout.trim()).toBe(new Array(5).fill("1 3 2 4").join(", "));
  } finally {
    await rm(folder, { recursive: true });
  }
});
