// Entries of the package by the families of kernels that they bring: a device that is there before the import must be able to launch them.
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import type { Metafile } from "esbuild";
import { expect, test } from "vitest";
import { esbuildPlugin } from "../../scripts/plugin.mjs";

const MAIN = "src/index.ts";

const sources = (): string[] => {
  const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
    exports: Record<string, { types: string }>;
  };
  return Object.values(exports).map(({ types }) => types.replace("./dist/types", "src").replace(".d.ts", ".ts"));
};

/** The families of the kernels that a module imports, itself or by what it imports, but for `import()`. */
function families(inputs: Metafile["inputs"], entry: string): Set<string> {
  const seen = new Set([entry]);
  for (const file of seen)
    for (const { path, kind } of inputs[file]?.imports ?? []) if (kind === "import-statement") seen.add(path);
  return new Set([...seen].flatMap((file) => /^kernels\/([\w-]+)\/\w+\.wgsl$/.exec(file)?.[1] ?? []));
}

test("entries that bring kernels which the main one has not await them", async () => {
  const entryPoints = sources();
  const { metafile } = await build({
    ...{ entryPoints, outdir: "none", write: false, metafile: true, bundle: true, splitting: true, format: "esm" },
    ...{ platform: "neutral", packages: "external", external: ["node:*"], plugins: [esbuildPlugin()] },
  });
  const main = families(metafile.inputs, MAIN);
  expect(main.has("elementwise")).toBe(true);
  const bringing = entryPoints.filter((entry) =>
    [...families(metafile.inputs, entry)].some((family) => !main.has(family)),
  );
  expect(bringing).toEqual(
    expect.arrayContaining(["src/manifold/index.ts", "src/report/index.ts", "src/som/index.ts"]),
  );
  const awaits = (entry: string): boolean => /^await familiesReady\(\);/m.test(readFileSync(entry, "utf8"));
  expect(bringing.filter((entry) => !awaits(entry))).toEqual([]);
});
