import { describe, expect, test } from "vitest";
import { readSafetensors, simulateStarsGalaxies, writeNpz } from "../../src/data";
import { NdArray } from "../../src/ndarray";
import { dropFiles, labelProblems, openPage, picture, reach, save, runFromStart } from "./page";
import { pages } from "./server";

const open = (): ReturnType<typeof openPage> => openPage(pages.browser, `${pages.url}playground.html`);

describe("data of the playground", () => {
  test("a table with names and classes; names are no classes", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    const rows = Array.from({ length: 12 }, (_, i) => [`row ${i}`, i % 2 ? 9 : 1, i % 3, i % 2 ? "high" : "low"]);
    const table = (columns: readonly number[]): Uint8Array =>
      new TextEncoder().encode(
        [["name", "x", "y", "level"], ...rows].map((row) => columns.map((c) => row[c])).join("\n"),
      );
    const summary = async (columns: readonly number[], text: string): Promise<unknown> => {
      await dropFiles(page, [{ name: `${text}.csv`, bytes: table(columns) }]);
      return page.waitForFunction((begin) => document.getElementById("summary")!.textContent!.startsWith(begin), text);
    };
    await summary([0, 1, 2, 3], "both");
    expect(await page.textContent("#summary")).toBe(
      "both.csv: 12 rows of 2 values. 2 known classes. The last column is taken for the known class. The first column names the rows.",
    );
    await summary([1, 2], "places");
    expect(await page.textContent("#summary")).toBe("places.csv: 12 rows of 2 values.");
    await summary([0, 1, 2], "names");
    expect(await page.textContent("#summary")).toBe("names.csv: 12 rows of 2 values. The first column names the rows.");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("another device is for the next run: what a run has found can still be had, and one that goes on goes on", async () => {
    const { page, problems } = await openPage(pages.browser, `${pages.url}playground.html#device=wasm`);
    await reach(page, "done");
    const labels = (await save(page, "labels.csv")).bytes;
    const later = (): Promise<unknown> =>
      page.waitForFunction(() =>
        document.getElementById("device-description")!.textContent!.endsWith("this one stays where it is."),
      );
    await page.click("#more summary");
    await page.selectOption("#device", "auto");
    await later();
    expect((await save(page, "labels.csv")).bytes).toEqual(labels);
    expect(readSafetensors((await save(page, "model")).bytes).metadata["model"]).toBe("KMeans");
    await page.setInputFiles("#predict", { name: "new.csv", mimeType: "text/csv", buffer: Buffer.from("0,0\n1,1\n") });
    await page.waitForSelector("#predicted-save:not([hidden])");

    await page.selectOption("#method", "dec");
    await page.fill("#option-pretrainEpochs", "200");
    await page.fill("#option-epochs", "3");
    await page.click("#start");
    await page.waitForFunction(() => /pass [2-9] of 200/.test(document.getElementById("status")!.textContent!));
    expect(await page.textContent("#device-description")).not.toContain("next run");
    await page.selectOption("#device", "wasm");
    await later();
    await page.click("#stop");
    await reach(page, "stopped");
    await page.click("#resume");
    await reach(page, "done");
    expect(await page.textContent("#measures")).toMatch(/^clusters5accuracy0\.[6-9]/);
    expect(readSafetensors((await save(page, "model")).bytes).metadata["model"]).toBe("DEC");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("how many clusters: numbers are tried, with the reason as a picture, in the page and in the report", async () => {
    const { page, problems } = await openPage(pages.browser, `${pages.url}playground.html`);
    await reach(page, "done");
    await page.fill("#option-nClusters", "7..3");
    await page.click("#start");
    expect(await page.textContent("#option-nClusters-error")).toMatch(/the lower one first, or auto, got 7\.\.3$/);
    await page.fill("#option-nClusters", "3..7");
    await page.click("#start");
    await page.waitForFunction(() =>
      /^Trying numbers of clusters, 1 of \d/.test(document.getElementById("status")!.textContent!),
    );
    await page.click("#stop");
    await reach(page, "stopped");
    expect(await page.textContent("#status")).toBe("Stopped. Numbers of clusters are tried anew.");
    await page.click("#resume");
    await reach(page, "done");
    expect(await page.textContent("#status")).toMatch(/ How many clusters\? 5: the greatest silhouette/);
    expect(await page.textContent("#measures")).toMatch(/^clusters5accuracy0\.9[5-9]/);
    await page.waitForFunction(() =>
      /How many clusters.*5: the/s.test(document.getElementById("charts")!.textContent!),
    );
    expect(await page.locator("#charts section svg").count()).toBe(1);
    await picture(page, "playground-number");
    const report = new TextDecoder().decode((await save(page, "report")).bytes);
    expect(report).toMatch(/How many clusters.*<p>5: the greatest silhouette/s);
    expect(await labelProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("stamps: what the network gives back, stamps along its class unit by a slider, and the ROC curve", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    const { images, labels } = simulateStarsGalaxies({ n: 200, size: 20, seed: 2 });
    await dropFiles(page, [{ name: "stamps.npz", bytes: writeNpz({ images, labels: new NdArray(labels) }) }]);
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("stamps"));
    expect(await page.textContent("#summary")).toContain("200 pictures, 5 × 20 × 20. 2 known classes.");
    expect(await page.inputValue("#scale")).toBe("none");
    await page.selectOption("#method", "conditional-vae");
    await page.fill("#option-epochs", "6");
    await runFromStart(page);
    await reach(page, "done");
    await page.waitForSelector("#network-section:not([hidden])");
    const seen = (): Promise<{ given: number; back: number; decoded: string }> =>
      page.evaluate(() => {
        const canvas = (id: string) => document.getElementById(id) as HTMLCanvasElement;
        const shades = (id: string): number => {
          const { width, height } = canvas(id);
          return new Set(canvas(id).getContext("2d")!.getImageData(0, 0, width, height).data).size;
        };
        return {
          ...{ given: shades("network-given"), back: shades("network-back") },
          decoded: canvas("network-decoded").toDataURL(),
        };
      });
    const middle = await seen();
    expect(Math.min(middle.given, middle.back)).toBeGreaterThan(20);
    // to the other end of the unit
    await page.locator("#network-unit").focus();
    const before = await page.textContent("#network-value");
    await page.keyboard.press("End");
    expect(await page.textContent("#network-value")).not.toBe(before);
    await page.waitForFunction(
      (url) => (document.getElementById("network-decoded") as HTMLCanvasElement).toDataURL() !== url,
      middle.decoded,
    );
    await page.waitForFunction(() =>
      /ROC of class 1, AUC 0\.\d{4}/.test(document.getElementById("charts")!.textContent!),
    );
    await picture(page, "playground-stamps");
    expect(await labelProblems(page)).toEqual([]);
    // other data, no network
    await page.click('[data-sample="blobs"]');
    await page.waitForSelector("#network-section", { state: "hidden" });
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
