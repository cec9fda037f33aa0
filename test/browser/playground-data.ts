import { describe, expect, test } from "vitest";
import { simulateStarsGalaxies, writeNpz } from "../../src/data";
import { NdArray } from "../../src/ndarray";
import { dropFiles, labelProblems, openPage, picture, reach } from "./page";
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
    await page.click("#start");
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
