// Files that people have, through the command line: tables with names and gaps, folders of pictures of several sizes.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodePng } from "../data/formats/png";
import { constella, folder, refusal, useProgram, write } from "./program";

useProgram();

const CLUSTER = ["--method", "kmeans", "--clusters", "2", "--device", "wasm", "--threads", "1"];
const cluster = (data: string, ...more: string[]) =>
  constella("cluster", data, ...CLUSTER, "--out", `out-${data}`, ...more);
const labelsOf = (data: string): Promise<string> => readFile(join(folder, `out-${data}`, "labels.csv"), "utf8");

/** Two groups in x, a Unix time that says nothing, a name and a colour. */
const table = (): string =>
  ["name;when;x;colour"]
    .concat(
      Array.from(
        { length: 12 },
        (_, i) => `row "${i}";${1.7e9 + ((i * 7919) % 12) * 1000};${i < 6 ? "1,5" : "9,25"};red`,
      ),
    )
    .join("\n")
    .replaceAll(/"(\d+)"/g, "$1");

test("a table with names, a time, decimal commas and gaps", async () => {
  await write("t.csv", table());
  expect(await refusal("cluster", "t.csv", ...CLUSTER, "--out", "o")).toMatch(
    /^constella: csv: line 2, column "name": "row 0" is not a number \(t\.csv\)$/,
  );
  const reading = ["--id-column", "name", "--drop", "colour"];
  const uneven = await cluster("t.csv", ...reading);
  expect(uneven).toMatchObject({ code: 0 });
  expect(uneven.stderr).toMatch(/column "when" varies \d+ times as much as any other .*; --scale standard/);
  const { code, stderr } = await constella(
    ...["cluster", "t.csv", ...CLUSTER, "--out", "out-columns", "--columns", "x", "--id-column", "name"],
  );
  expect([code, stderr.includes("varies")]).toEqual([0, false]);
  const lines = (await readFile(join(folder, "out-columns/labels.csv"), "utf8")).trimEnd().split("\n");
  expect(lines[0]).toBe("id,row,cluster");
  expect(lines[3]).toMatch(/^row 2,2,[01]$/);
  const clusters = lines.slice(1).map((line) => line.at(-1));
  expect(new Set(clusters.slice(0, 6)).size).toBe(1);
  expect(new Set(clusters).size).toBe(2);

  await write("gaps.csv", "a,b\n1,2\n1,NA\n1.1,2\n9,8\n9,8.1\n");
  expect(await refusal("cluster", "gaps.csv", ...CLUSTER, "--out", "o")).toMatch(/"NA" is not a number; missing: drop/);
  const dropped = await cluster("gaps.csv", "--missing", "drop");
  expect(dropped.stderr).toMatch(/1 rows of gaps\.csv were left out, a value of theirs is missing/);
  expect((await labelsOf("gaps.csv")).trimEnd().split("\n")).toHaveLength(5);
});

test("a folder of pictures of several sizes, without classes", async () => {
  await mkdir(join(folder, "pictures"));
  for (let i = 0; i < 6; i++) {
    const side = 8 + 2 * (i % 2);
    const values = Array.from({ length: side * side }, (_, p) => (i < 3 ? 20 : 200) + (p % 5));
    await write(`pictures/${i}.png`, encodePng(values, { width: side, height: side, type: 0, depth: 8 }));
  }
  const { code, stderr } = await cluster("pictures");
  expect(code).toBe(0);
  expect(stderr).toMatch(/pictures of 8 x 8 to 10 x 10 pixels are brought to 8 x 8; --size sets another size/);
  const sized = await constella(
    "cluster",
    "pictures",
    ...CLUSTER,
    "--out",
    "sized",
    "--size",
    "6x4",
    "--fit",
    "contain",
  );
  expect([sized.code, sized.stderr.includes("brought")]).toEqual([0, false]);
});

test("options of reading that do not fit the data", async () => {
  await write("x.csv", "1,2\n3,4\n");
  const refused = (...more: string[]): Promise<string> =>
    refusal("cluster", "x.csv", ...CLUSTER, "--out", "o", ...more);
  expect(await refused("--size", "8")).toBe("constella: --size is for folders of pictures, x.csv is none");
  expect(await refused("--array", "x")).toBe("constella: --array is for files of arrays, x.csv is none");
  expect(await refused("--size", "0")).toMatch(/^constella: --size must be a side of 1 to 4096 pixels, .*, got "0"$/);
  expect(await refused("--missing", "zero")).toMatch(
    /^constella: --missing must be one of error, drop, mean, got "zero"$/,
  );
});
