import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cell, METHODS } from "../../examples/star-galaxy/cells";
import type { Setting } from "../../examples/star-galaxy/cells";
import { axesOf, preparedStamps, stampsOf } from "../../examples/star-galaxy/data";
import { deviceOf } from "../devices";

test("cells of the star-galaxy study: baselines and a trained row separate the classes, and a finished cell is read again", async () => {
  const device = await deviceOf("wasm");
  const folder = mkdtempSync(join(tmpdir(), "star-galaxy-"));
  try {
    const train = stampsOf({ n: 500, seed: 1 });
    const test = stampsOf({ n: 300, seed: 2 });
    const stamps: Setting["stamps"] = (preparation) => preparedStamps(train, test, preparation);
    const axes: Setting["axes"] = (preparation) => axesOf(stamps(preparation), device);
    const setting: Setting = { train, test, stamps, axes, device, epochs: 20, folder };
    const of = (id: string) =>
      cell(
        METHODS.find((method) => method.id === id)!,
        0,
        setting,
      );
    expect((await of("aperture")).auc).toBeGreaterThan(0.88);
    const measured = await of("cvae");
    expect(measured.auc).toBeGreaterThan(0.85);
    expect(measured.style).toBeDefined();
    expect(readdirSync(join(folder, "cells")).sort()).toEqual(["aperture-0.json", "cvae-0.json"]);
    writeFileSync(join(folder, "cells", "cvae-0.json"), JSON.stringify({ ...measured, seconds: -1 }));
    expect((await of("cvae")).seconds).toBe(-1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
