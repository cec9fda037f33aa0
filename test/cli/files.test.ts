// Files that people have, through the command line: tables with names and gaps, folders of pictures of several sizes.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parquetWriteBuffer } from "hyparquet-writer";
import { writeNpy } from "../../src/data";
import { encodePng } from "../data/formats/png";
import { encodeWav } from "../data/formats/wav";
import { SAVED, X } from "../data/saved-sparse";
import { constella, folder, own, piped, refusal, useProgram, write } from "./program";

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
    /^constella: csv: line 2, column "name": "row 0" is not a number; --drop leaves out columns of text \("name", "colour"\), --id-column names the rows by one, --one-hot makes categories of one, --label-column takes one for known classes \(t\.csv\)$/,
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
  const report = await readFile(join(folder, "out-columns/report.html"), "utf8");
  expect(report).toMatch(/<p class="rows">row \d+, row \d+, /);
  expect(report).toMatch(/<title>member row \d+, cluster [01]<\/title>/);
  const clusters = lines.slice(1).map((line) => line.at(-1));
  expect(new Set(clusters.slice(0, 6)).size).toBe(1);
  expect(new Set(clusters).size).toBe(2);

  await write("gaps.csv", "a,b\n1,2\n1,NA\n1.1,2\n9,8\n9,8.1\n");
  expect(await refusal("cluster", "gaps.csv", ...CLUSTER, "--out", "o")).toMatch(
    /"NA" is not a number; --missing drop leaves such rows out/,
  );
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

test("labels name the files of a folder, and what is passed over in it is told", async () => {
  await mkdir(join(folder, "album/out"), { recursive: true });
  for (let i = 0; i < 4; i++) {
    const values = Array.from({ length: 64 }, (_, p) => (i < 2 ? 20 : 200) + (p % 5));
    await write(`album/IMG ${i}.png`, encodePng(values, { width: 8, height: 8, type: 0, depth: 8 }));
  }
  for (const name of ["phone.HEIC", "notes.txt"]) await write(`album/${name}`, "x");
  const { code, stderr } = await cluster("album");
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/3 other files and folders in album are passed over: \.txt, \.heic, out/),
  ]);
  expect((await labelsOf("album")).split("\n").map((line) => line.replace(/\d$/, "c"))).toEqual([
    "id,row,cluster",
    ...[0, 1, 2, 3].map((i) => `IMG ${i}.png,${i},c`),
    "",
  ]);
  await mkdir(join(folder, "phones"));
  expect(await refusal("cluster", "phones", ...CLUSTER, "--out", "o")).toBe(
    "constella: phones must hold PNG, JPEG or WAV files, it holds nothing",
  );
  await write("phones/1.heic", "x");
  expect(await refusal("cluster", "phones", ...CLUSTER, "--out", "o")).toMatch(/it holds \.heic$/);
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

/** A tone with a second one an octave above, in 16 bits. */
const tone = (hertz: number, seconds: number, sampleRate: number): Uint8Array =>
  encodeWav(
    [
      Float32Array.from({ length: seconds * sampleRate }, (_, i) => {
        const angle = (2 * Math.PI * hertz * i) / sampleRate;
        return 0.3 * Math.sin(angle) + 0.1 * Math.sin(2 * angle);
      }),
    ],
    { bits: 16, sampleRate },
  );

test("a folder of recordings of several rates and lengths, and tomorrow's recordings", async () => {
  await mkdir(join(folder, "tones"));
  for (let i = 0; i < 8; i++)
    await write(
      `tones/${i}.WAV`,
      tone(i < 4 ? 300 + 5 * i : 900 + 5 * i, 0.5 + 0.1 * (i % 2), [8000, 16000, 44100, 22050][i % 4]!),
    );
  const { code, stderr } = await cluster("tones", "--bands", "32");
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      /recordings of 0\.5 to 0\.6 seconds are cut to 0\.5; --seconds sets another length\nrecordings have 8000 to 44100 samples a second: bands reach up to 4000 Hz/,
    ),
  ]);
  const of = (text: string): string[] =>
    text.trimEnd().split("\n").slice(1).map((line) => line.at(-1)!); // prettier-ignore
  const found = of(await labelsOf("tones"));
  expect(new Set(found.slice(0, 4)).size).toBe(1);
  expect(new Set(found.slice(4)).size).toBe(1);
  expect(found[0]).not.toBe(found[4]);

  await mkdir(join(folder, "later"));
  await write("later/a.wav", tone(930, 1.5, 16000)); // longer than those that were learned
  await write("later/b.wav", tone(310, 0.2, 16000)); // shorter
  const predicted = await constella("predict", "out-tones", "later", "--device", "wasm");
  expect(predicted).toMatchObject({ code: 0 });
  expect(of(predicted.stdout)[0]).toBe(found[4]);

  await write("later/c.wav", new Uint8Array(20));
  expect(await refusal("predict", "out-tones", "later")).toMatch(/^constella: wav: .* \(later\/c\.wav\)$/);
  expect(await refusal("cluster", "tones", ...CLUSTER, "--out", "o", "--size", "8")).toBe(
    "constella: --size is for folders of pictures, tones is none",
  );
});

test("tomorrow's pictures are brought to the size of those that were learned", async () => {
  for (const [name, side] of [
    ["now", 8],
    ["then", 12],
  ] as const) {
    await mkdir(join(folder, name));
    for (let i = 0; i < 4; i++) {
      const values = Array.from({ length: side * side }, (_, p) => (i < 2 ? 20 : 200) + (p % 5));
      await write(`${name}/${i}.png`, encodePng(values, { width: side, height: side, type: 0, depth: 8 }));
    }
  }
  expect(await cluster("now")).toMatchObject({ code: 0 });
  const { code, stdout } = await constella("predict", "out-now", "then", "--device", "wasm");
  expect([code, stdout]).toEqual([0, await labelsOf("now")]);
});

test("labels as text, without a name above them", async () => {
  await write("two.csv", "x,y\n1,1\n1,2\n9,9\n9,8\n");
  await write("labels.txt", "near\nnear\nfar\nfar\n");
  const { code, stdout } = await cluster("two.csv", "--labels", "labels.txt");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/ACC 1\.0000/)]);
  await write("named.txt", "where\nnear\nnear\nfar\nfar\n");
  expect((await cluster("two.csv", "--labels", "named.txt")).stdout).toMatch(/ACC 1\.0000/);
});

test("a parquet file with names, dates, gaps and texts", async () => {
  const n = 12;
  const rows = Array.from({ length: n }, (_, i) => i);
  const bytes = parquetWriteBuffer({
    columnData: [
      { name: "name", data: rows.map((i) => `row ${i}`), type: "STRING" },
      { name: "x", data: rows.map((i) => (i < 6 ? 1.5 : 9.25)), type: "DOUBLE" },
      { name: "count", data: rows.map((i) => BigInt(i < 6 ? 1 : 5)), type: "INT64" },
      { name: "flag", data: rows.map((i) => i < 6), type: "BOOLEAN" },
      { name: "gap", data: rows.map((i) => (i === 3 ? null : i < 6 ? 0 : 1)), type: "DOUBLE", nullable: true },
      { name: "__index_level_0__", data: rows.map((i) => 100 * i), type: "INT32" },
    ],
  });
  await write("t.parquet", new Uint8Array(bytes));
  expect(await refusal("cluster", "t.parquet", ...CLUSTER, "--out", "o")).toEqual(
    expect.stringMatching(
      /^constella: parquet: row 0, column "name": "row 0" is not a number; --drop leaves out .*\(t\.parquet\)$/,
    ),
  );
  const { code, stderr } = await cluster("t.parquet", "--id-column", "name", "--missing", "drop");
  expect([code, stderr]).toEqual([0, expect.stringMatching(/1 rows of t\.parquet were left out/)]);
  const lines = (await labelsOf("t.parquet")).trimEnd().split("\n");
  expect(lines).toHaveLength(n);
  expect(lines[4]).toMatch(/^row 4,3,[01]$/);
  expect(new Set(lines.slice(1, 6).map((line) => line.at(-1))).size).toBe(1);
  await write("cut.parquet", new Uint8Array(bytes).subarray(0, 200));
  expect(await refusal("cluster", "cut.parquet", ...CLUSTER, "--out", "o")).toMatch(
    /^constella: parquet: .*\(cut\.parquet\)$/,
  );
});

test("data that are piped in, of any format", async () => {
  const text = "x,y\n1,1\n1,1.5\n9,9\n9,9.5\n";
  const npy = writeNpy({ data: Float32Array.of(1, 1, 1, 1.5, 9, 9, 9, 9.5), shape: [4, 2] });
  const tables: string[] = [];
  for (const [input, name] of [
    [text, "csv"],
    [npy, "npy"],
  ] as const) {
    const { code, stderr } = await piped(input, "cluster", "-", ...CLUSTER, "--out", `piped-${name}`);
    expect([code, stderr.includes("constella:")]).toEqual([0, false]);
    tables.push(await readFile(join(folder, `piped-${name}/labels.csv`), "utf8"));
  }
  expect(tables[1]).toBe(tables[0]);
  const { stdout } = await piped("y,x\n9,9\n1,1\n", "predict", "piped-csv", "-", "--device", "wasm");
  const [far, near] = stdout.trimEnd().split("\n").slice(1).map((line) => line.at(-1)); // prettier-ignore
  expect(far).toBe(tables[0]!.trimEnd().at(-1));
  expect(near).not.toBe(far);
  const empty = await piped("", "cluster", "-", ...CLUSTER, "--out", "o");
  expect([empty.code, empty.stderr]).toEqual([2, expect.stringMatching(/^constella: csv: file has no rows of data/)]);
});

describe("tomorrow's table is taken as the one that was learned from", () => {
  const FLAGS = ["--device", "wasm", "--threads", "1"];
  /** Clusters of the rows that predict prints. */
  const predict = async (model: string, data: string, ...more: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await constella("predict", model, data, ...more, ...FLAGS);
    expect({ code, errors: own(stderr) }).toEqual({ code: 0, errors: [] });
    return stdout.trimEnd().split("\n");
  };
  const rows = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

  test("columns that were left out, rows' names, categories and classes", async () => {
    await write(
      "today.csv",
      rows([
        "name,note,x,colour,class",
        ...Array.from({ length: 12 }, (_, i) => `r${i},text ${i},${i < 6 ? 1 : 9},${i < 6 ? "red" : "blue"},${i % 3}`),
      ]),
    );
    const reading = ["--drop", "note", "--id-column", "name", "--one-hot", "colour", "--label-column", "class"];
    expect(await cluster("today.csv", ...reading)).toMatchObject({ code: 0 });
    const found = (await labelsOf("today.csv")).trimEnd().split("\n").slice(1).map((line) => line.split(",").at(-1)); // prettier-ignore
    const [red, blue] = [found[0], found[11]];
    expect(red).not.toBe(blue);

    // other order, no classes, the dropped column there or not
    await write("tomorrow.csv", rows(["colour,x,name,note", "blue,8,a,?", "red,1,b,?", "blue,9.5,c,?"]));
    expect(await predict("out-today.csv", "tomorrow.csv")).toEqual([
      ...["id,row,cluster", `a,0,${blue}`, `b,1,${red}`, `c,2,${blue}`],
    ]);
    await write("bare.csv", rows(["x,colour", "8,blue", "1,red"]));
    expect(await predict("out-today.csv", "bare.csv")).toEqual(["row,cluster", `0,${blue}`, `1,${red}`]);
    await write("one-kind.csv", rows(["x,colour", "9,blue"])); // of two categories one alone
    expect(await predict("out-today.csv", "one-kind.csv")).toEqual(["row,cluster", `0,${blue}`]);

    await write("other.csv", rows(["x,size", "8,1"]));
    expect(await refusal("predict", "out-today.csv", "other.csv", ...FLAGS)).toBe(
      "constella: csv: file must have the columns that the model was trained on, it lacks colour, and it has size (other.csv)",
    );
    await write("green.csv", rows(["x,colour", "8,blue", "8,green"]));
    expect(await refusal("predict", "out-today.csv", "green.csv", ...FLAGS)).toBe(
      'constella: csv: line 3, column "colour": "green" is none of the categories that the model was trained on, blue, red (green.csv)',
    );
    // the run itself goes on without being told again
    expect(await constella("cluster", "today.csv", "--resume", "--out", "out-today.csv", ...FLAGS)).toMatchObject({
      code: 0,
    });
  });

  test("columns that were named, and values that are missing", async () => {
    await write("gappy.csv", rows(["a;b;c", "1,5;x;1", "NA;x;1", "1,5;x;1", "9,5;x;1", "9,5;x;1", "9,5;x;1"]));
    expect(await cluster("gappy.csv", "--columns", "a", "--missing", "mean", "--decimal", ",")).toMatchObject({
      code: 0,
    });
    const [low, , , high] = (await labelsOf("gappy.csv")).trimEnd().split("\n").slice(1).map((line) => line.split(",").at(-1)); // prettier-ignore
    // 6.3, the mean of what was learned from, is nearer to the upper group, whatever the mean of this file is
    await write("later.csv", rows(["c;a", "y;1", "y;NA", "y;9", "y;1", "y;1"]));
    const clusters = (await predict("out-gappy.csv", "later.csv")).slice(1).map((line) => line.split(",")[1]);
    expect(clusters).toEqual([low, high, high, low, low]);
  });

  test("a table without names: as wide as it was, or of the columns alone", async () => {
    await write("plain.csv", rows(["7,1,0", "8,1,1", "9,9,0", "3,9,1"]));
    expect(await cluster("plain.csv", "--drop", "0", "--label-column", "-1")).toMatchObject({ code: 0 });
    const found = (await labelsOf("plain.csv")).trimEnd().split("\n").slice(1).map((line) => line.split(",")[1]); // prettier-ignore
    await write("wide.csv", rows(["100,9,5", "100,1,5"]));
    expect((await predict("out-plain.csv", "wide.csv")).slice(1)).toEqual([`0,${found[2]}`, `1,${found[0]}`]);
    await write("narrow.csv", rows(["9", "1"]));
    expect((await predict("out-plain.csv", "narrow.csv")).slice(1)).toEqual([`0,${found[2]}`, `1,${found[0]}`]);
    await write("two.csv", rows(["9,1", "1,1"]));
    expect(await refusal("predict", "out-plain.csv", "two.csv", ...FLAGS)).toBe(
      "constella: csv: the model takes 1 columns; the file has 2 without names (two.csv)",
    );
  });
});

test("tables as R writes them: names of rows without a name of their own", async () => {
  const cars = [
    ['"Mazda RX4"', 21, 6],
    ['"Datsun 710"', 22.8, 4],
    ['"Hornet \\"Sport\\""', 90, 60],
    ['"Valiant, blue"', 91, 61],
  ] as const;
  const written: Record<string, string> = {
    "table.txt": ['"mpg" "cyl"', ...cars.map((car) => car.join(" "))].join("\n"),
    "tab.tsv": ["mpg\tcyl", ...cars.slice(0, 4).map(([, ...car], i) => `${i + 1}\t${car.join("\t")}`)].join("\n"),
    "r.csv": ['"","mpg","cyl"', ...cars.map(([name, ...car]) => `${name.replaceAll('\\"', '""')},${car.join(",")}`)].join("\n"), // prettier-ignore
  };
  for (const [name, content] of Object.entries(written)) {
    await write(name, `${content}\n`);
    expect(await cluster(name)).toMatchObject({ code: 0 });
    const lines = (await labelsOf(name)).trimEnd().split("\n");
    expect(lines[0]).toBe("id,row,cluster");
    const clusters = lines.slice(1).map((line) => line.at(-1));
    expect([clusters[0] === clusters[1], clusters[2] === clusters[3], clusters[0] === clusters[2]]).toEqual([true, true, false]); // prettier-ignore
    expect(lines[1]).toMatch(name === "tab.tsv" ? /^1,0,/ : /^Mazda RX4,0,/);
  }
});

test("a sparse matrix: with its zeros, and block by block where these take more than --memory; scipy's npz and Matrix Market", async () => {
  const [n, d] = [1400, 200]; // 1.07 MB with its zeros
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let e = 0; e < 6; e++) data[i * d + (i % 2) * 100 + ((i * 31 + e * 17) % 100)] = 1 + (e % 3);
  const places = [...data.keys()].filter((at) => data[at] !== 0);
  const entries = places.map((at) => `${Math.floor(at / d) + 1} ${(at % d) + 1} ${data[at]}`);
  const head = ["%%MatrixMarket matrix coordinate integer general", `${n} ${d} ${places.length}`];
  await write("words.mtx", [...head, ...entries].join("\n"));
  await write("words.npy", writeNpy({ data, shape: [n, d] }));
  const labels: string[] = [];
  for (const file of ["words.npy", "words.mtx"]) {
    const { code, stderr } = await cluster(file, "--scale", "none", "--n-init", "1", "--memory", "1");
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${file}: 1400 items are read as they are needed`)]);
    labels.push(await labelsOf(file));
  }
  expect(labels[1]).toBe(labels[0]);
  await write("saved.npz", Buffer.from(SAVED["csr"]!, "base64"));
  expect(await cluster("saved.npz")).toMatchObject({ code: 0 });
  expect((await labelsOf("saved.npz")).trimEnd().split("\n")).toHaveLength(X.length + 1);
});
