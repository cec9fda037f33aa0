import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { GridSearch } from "constella/vision";
import type { GridCell } from "constella/vision";
import { folderStore } from "../../src/data";
import { gridTable } from "../../src/report";

const AXES = { method: ["deep-cluster", "self-labeling"], lr: [0.1, 1e-3], clusters: [2, 16] };

/** A made-up accuracy. */
const accuracy = (cell: GridCell): number =>
  (cell["method"] === "deep-cluster" ? 0.5 : 0.6) + Number(cell["clusters"]) / 100 + Number(cell["lr"]);

describe("GridSearch", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "grid-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("runs every combination, and says which is best", async () => {
    const search = new GridSearch({ axes: AXES, run: async (cell) => ({ accuracy: accuracy(cell) }) });
    const results = await search.run();
    expect(results.map(({ cell }) => Object.values(cell).join())).toEqual(
      AXES.method.flatMap((method) => AXES.lr.flatMap((lr) => AXES.clusters.map((k) => `${method},${lr},${k}`))),
    );
    expect(search.best("accuracy").cell).toEqual({ method: "self-labeling", lr: 0.1, clusters: 16 });
    expect(search.best("accuracy", { method: "deep-cluster", lr: 1e-3 }).cell["clusters"]).toBe(16);
    expect(() => search.best("accuracy", { lr: 7 })).toThrow('no finished cell has {"lr":7}');
    expect(gridTable(results, { rows: "method", columns: "clusters", measure: "accuracy" })).toBe(
      [
        "| method \\ clusters | 2 | 16 |",
        "|---|---:|---:|",
        "| deep-cluster | 0.620 | 0.760 |",
        "| self-labeling | 0.720 | **0.860** |",
      ].join("\n"),
    );
  });

  test("stopped in the third cell it goes on with the third; a cell that is not whole is run again", async () => {
    const store = folderStore(join(folder, "cells"));
    const ran: string[] = [];
    const search = (stopAt: number): GridSearch =>
      new GridSearch({
        axes: AXES,
        store,
        run: async (cell) => {
          if (ran.length === stopAt) throw new Error("killed");
          ran.push(Object.values(cell).join());
          return { accuracy: accuracy(cell) };
        },
      });
    await expect(search(2).run()).rejects.toThrow("killed");
    expect((await readdir(join(folder, "cells"))).length).toBe(2);
    await writeFile(join(folder, "cells", "method=deep-cluster,lr=0.1,clusters=16.json"), '{"cell": {');
    const results = await search(-1).run();
    expect(ran.length).toBe(2 + 7);
    expect(ran[2]).toBe("deep-cluster,0.1,16");
    const whole = await new GridSearch({ axes: AXES, run: async (cell) => ({ accuracy: accuracy(cell) }) }).run();
    expect(results.map(({ cell, measures }) => ({ cell, measures }))).toEqual(
      whole.map(({ cell, measures }) => ({ cell, measures })),
    );
  });

  test("combinations can be left out, and the search aborted", async () => {
    const include = (cell: GridCell): boolean => cell["lr"] === 0.1;
    expect(new GridSearch({ axes: AXES, include, run: async () => ({}) }).cells.length).toBe(4);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(new GridSearch({ axes: AXES, signal, run: async () => ({}) }).run()).rejects.toThrow("enough");
  });

  test("an axis without values is none", () => {
    expect(() => new GridSearch({ axes: {}, run: async () => ({}) })).toThrow("axes must name at least one");
    expect(() => new GridSearch({ axes: { lr: [] }, run: async () => ({}) })).toThrow("the axis lr has no values");
  });
});
