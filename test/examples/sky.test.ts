import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { adjustedRandIndex } from "../../src/metrics";
import { galaxyOf } from "../../examples/sky/galaxy";
import { METHODS } from "../../examples/sky/methods";
import { landsatOf, surveysOf } from "../../examples/sky/surveys";
import { deviceOf } from "../devices";

test("the galaxy of the study: preparing helps k-means, and maps are above it on bands as they are", async () => {
  const device = await deviceOf("wasm");
  const folder = mkdtempSync(join(tmpdir(), "sky-"));
  try {
    const galaxy = await galaxyOf(0, 128, folder, device);
    const { unprepared, prepared } = galaxy;
    expect(unprepared.cube.shape).toEqual([9, 128, 128]);
    expect(prepared.truth.shape).toEqual(prepared.cube.shape.slice(1));
    const ari = async (id: string, which: "unprepared" | "prepared"): Promise<number> => {
      const { cube, truth } = galaxy[which];
      const labels = await METHODS.find((method) => method.id === id)!.cluster({ cube, seed: 0, device });
      expect(labels.shape).toEqual(truth.shape);
      const known = Array.from(labels.data.keys()).filter((at) => labels.data[at]! >= 0);
      return adjustedRandIndex(
        known.map((at) => truth.data[at]!),
        known.map((at) => labels.data[at]!),
      );
    };
    expect(await ari("one", "prepared")).toBe(0);
    const [plain, better] = [await ari("kmeans", "unprepared"), await ari("kmeans", "prepared")];
    expect(plain).toBeGreaterThan(await ari("brightness", "unprepared"));
    expect(better).toBeGreaterThan(plain);
    expect(await ari("som-kmeans", "prepared")).toBeGreaterThan(plain);
    // what is not there is left out
    expect(await surveysOf(folder, device)).toEqual([]);
    expect(await landsatOf(folder, [0], device)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
