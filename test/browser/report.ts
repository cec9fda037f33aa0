import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { renderReport } from "../../src/report";
import { makeRun } from "../report/run";
import { download, openPage, picture } from "./page";
import { pages } from "./server";
import { expectFrames, looking } from "./trace";

test("a report's map has all members: pointed at, selected in every panel and saved, by the one script that its policy allows", async () => {
  const folder = await mkdtemp(join(tmpdir(), "report-"));
  const path = join(folder, "report.html");
  await writeFile(path, await renderReport(makeRun(6000, 4, { table: undefined })));
  const { page, problems } = await openPage(pages.browser, pathToFileURL(path).href);
  const canvas = page.locator("#embedding .live > canvas").first();
  await canvas.waitFor();
  expect(await page.locator("#embedding .live > canvas").count()).toBe(2);
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.waitForTimeout(400); // it goes to its place
  const tip = page.locator("#embedding .tip").first();
  for (let i = 0; i < 20 && !(await tip.isVisible()); i++) await page.mouse.move(...at(0.75 + 0.01 * i, 0.5));
  expect(await tip.textContent()).toMatch(/^member \d+, cluster \d, class name \d$/);
  expect(await tip.locator("canvas").count()).toBe(1);
  await page.keyboard.down("Shift");
  await page.mouse.move(...at(0.02, 0.02));
  await page.mouse.down();
  for (const corner of [at(0.98, 0.02), at(0.98, 0.98), at(0.02, 0.98)]) await page.mouse.move(...corner);
  await page.mouse.up();
  await page.keyboard.up("Shift");
  expect(await page.textContent("#embedding .selection")).toMatch(
    /^6,000 members selected: cluster \d [\d,]+, .*; class/,
  );
  await picture(page, "report-map");
  const { name, bytes } = await download(page, page.locator("#embedding .selection button"));
  expect(name).toBe("selected-members.csv");
  expect(new TextDecoder().decode(bytes).split("\n")).toHaveLength(6002);
  await canvas.focus();
  await page.keyboard.press("+");
  expect(await page.locator("#embedding .tools button", { hasText: "All" }).first().isEnabled()).toBe(true);
  expect(problems).toEqual([]);
  await page.context().close();
  await rm(folder, { recursive: true });
});

test("70,000 members in two panels: looked at, pointed at and selected without holding the page's thread for a frame", async () => {
  const folder = await mkdtemp(join(tmpdir(), "report-"));
  const path = join(folder, "report.html");
  await writeFile(path, await renderReport(makeRun(70_000, 10, { table: undefined, images: undefined })));
  const { page, problems } = await openPage(pages.browser, pathToFileURL(path).href);
  const canvas = page.locator("#embedding .live > canvas").first();
  await canvas.scrollIntoViewIfNeeded();
  /** Pixels that have some colour. */
  const painted = (): Promise<number> =>
    canvas.evaluate((element: HTMLCanvasElement) => {
      const { width, height } = element;
      const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
      copy.drawImage(element, 0, 0);
      const { data } = copy.getImageData(0, 0, width, height);
      return data.filter((value, place) => place % 4 === 3 && value > 0).length;
    });
  await expect.poll(painted, { timeout: 30_000 }).toBeGreaterThan(2000);
  const all = await painted();
  await expectFrames(pages.browser, page, await looking(page, canvas, 0.02));
  expect(await page.textContent("#embedding .selection")).toMatch(
    /^70,000 members selected: cluster \d [\d,]+, .*; class/,
  );
  await page.keyboard.press("Escape");
  await expect.poll(painted, { timeout: 30_000 }).toBe(all); // what is painted over several frames is the same again
  await picture(page, "report-map-large");
  const { bytes } = await download(page, page.locator("#embedding a[data-plane]").first());
  expect(new TextDecoder().decode(bytes).split("\n")).toHaveLength(70_002);
  expect(problems).toEqual([]);
  await page.context().close();
  await rm(folder, { recursive: true });
});
