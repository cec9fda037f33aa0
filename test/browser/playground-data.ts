import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { dropFiles, openPage } from "./page";
import { pages } from "./server";

const open = (): ReturnType<typeof openPage> => openPage(pages.browser, `${pages.url}playground.html`);
const reach = (page: Page, state: "ready" | "done"): Promise<unknown> =>
  page.waitForSelector(`html[data-state=${state}]`);

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
});
