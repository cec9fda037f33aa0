// Tens of thousands of items in the playground: all of them are shown, pointed at and selected when a run is done.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readCsv, readNpy, readNpz, writeNpy } from "../../src/data";
import { Random } from "../../src/random";
import type { PanelsTold } from "../../src/report/plane/panels";
import { PointGrid } from "../../src/report/plane/point-grid";
import { unpacked } from "../../src/report/plane/unpacked";
import { download, dropFiles, openPage, picture, reach, runFromStart, save } from "./page";
import { pages } from "./server";
import { expectFrames, longestTasks, looking, traceOf } from "./trace";
import type { Acts } from "./trace";

const N = 40_000;

/** Handwritten digits again and again, each time with other noise, and their classes. */
async function manyDigits(n: number): Promise<{ images: Uint8Array<ArrayBuffer>; labels: Int32Array<ArrayBuffer> }> {
  const arrays = readNpz(await readFile("test/fixtures/digits_8x8.npz"));
  const [images, labels] = [arrays.get("images")!.data as Uint8Array, arrays.get("labels")!.data as Uint8Array];
  const random = new Random(1);
  return {
    images: Uint8Array.from({ length: 64 * n }, (_, i) =>
      Math.max(0, Math.min(16, Math.round(images[i % images.length]! + 1.5 * random.normal()))),
    ),
    labels: Int32Array.from({ length: n }, (_, i) => labels[i % labels.length]!),
  };
}

test("40,000 digits: a sample moves while they are clustered, and all are shown at the end, without holding the page's thread for a frame", async () => {
  const { page, problems } = await openPage(pages.browser, `${pages.url}playground.html#device=wasm&data=moons`);
  await reach(page, "done");
  const { images, labels } = await manyDigits(N);
  await dropFiles(page, [
    { name: "images.npy", bytes: writeNpy({ data: images, shape: [N, 8, 8] }) },
    { name: "labels.npy", bytes: writeNpy(labels) },
  ]);
  await page.waitForFunction(() => document.getElementById("summary")!.textContent!.includes("40,000 pictures, 8 × 8"));
  await reach(page, "ready");
  const named = (): Promise<string | null> => page.getAttribute("#plane", "aria-label");
  expect(await named()).toBe("The data in the plane: 40000 items");
  await page.selectOption("#method", "kmeans");
  await page.waitForSelector("#option-nInit");
  await page.fill("#option-nInit", "1");
  const hints = await page.evaluateHandle(() => {
    const seen: string[] = [];
    const hint = document.getElementById("hint")!;
    new MutationObserver(() => seen.push(hint.textContent)).observe(hint, { childList: true });
    return seen;
  });
  await runFromStart(page);
  await reach(page, "done");
  const sampled = "2,500 of the 40,000 items are shown until the run is done. ";
  const seen = await hints.jsonValue();
  expect(seen.some((text) => text.startsWith(sampled))).toBe(true);
  expect(seen.at(-1)).toMatch(/^Point at an item/);
  expect(await named()).toBe("The data in the plane: 40000 items, 10 clusters");
  const found = readNpy((await save(page, "labels.npy")).bytes).data as Int32Array;
  expect(found).toHaveLength(N);

  const canvas = page.locator("#plane");
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  const acts: Acts = {
    ...(await looking(page, canvas, 0.01)),
    "other colours": async () => {
      for (const colour of ["confidence", "truth", "cluster"]) await page.selectOption("#colour", colour);
    },
    pictures: async () => {
      for (const items of ["dots", "pictures"]) await page.selectOption("#items", items);
      await canvas.focus();
      for (const key of ["+", "+", "ArrowLeft", "0"]) await page.keyboard.press(key);
    },
  };
  await expectFrames(pages.browser, page, acts);
  await picture(page, "playground-many-pictures");

  // what is told of the selection is so of all items
  const text = (await page.textContent("#selection-text"))!;
  expect(text).toMatch(/^40,000 items selected; cluster \d [\d,]+, .*; class \d 4,\d{3}, /);
  const selected = readCsv((await download(page, page.locator("#selection-save"))).bytes);
  expect(selected.columns).toEqual(["row", "cluster", "class"]);
  expect(selected.data.shape).toEqual([N, 3]);
  for (let row = 0; row < N; row++)
    expect([0, 1, 2].map((column) => selected.data.get(row, column))).toEqual([row, found[row], labels[row]]);
  await page.keyboard.press("Escape");
  await page.click("#selection-clear");

  // and so is what is told of the one that is pointed at, with its own picture
  await page.selectOption("#items", "dots");
  const tip = page.locator("#tip");
  const rows: number[] = [];
  for (let i = 0; i < 12; i++) {
    await page.mouse.move(...at(0.4 + 0.02 * i, 0.5));
    if (await tip.isHidden()) continue;
    const [, item, cluster, known] = /^item ([\d,]+), cluster (\d), .* known class (\d)$/.exec(await tip.innerText())!;
    const row = Number(item!.replaceAll(",", ""));
    rows.push(row);
    expect([found[row], labels[row]]).toEqual([Number(cluster), Number(known)]);
    const shades = await tip.locator("canvas").evaluate((element: HTMLCanvasElement) => {
      const { data } = element.getContext("2d")!.getImageData(0, 0, 8, 8);
      return Array.from(data.filter((_, place) => place % 4 === 0));
    });
    expect(shades).toEqual(Array.from(images.subarray(64 * row, 64 * row + 64), (v) => Math.round((255 * v) / 16)));
  }
  expect(rows.length).toBeGreaterThan(3);
  expect(rows.some((row) => row % (N / 2500) !== 0)).toBe(true); // not of the sample alone
  await page.mouse.move(0, 0);
  await page.waitForTimeout(400);
  await picture(page, "playground-many");
  const report = new TextDecoder().decode((await save(page, "report")).bytes);
  expect(report).toContain("10 clusters among 40,000 members");
  expect(problems).toEqual([]);
  await page.context().close();
});

test("all items of a run are laid out by UMAP and t-SNE, in the page and in its report; one that was stopped shows its sample until it is done", async () => {
  const n = 3000;
  const { page, problems } = await openPage(
    pages.browser,
    `${pages.url}playground.html#device=wasm&data=moons&method=kmeans&view=umap`,
  );
  await reach(page, "done");
  const shows = (name: string): Promise<unknown> =>
    page.waitForFunction(
      (begin) => document.getElementById("plane")!.getAttribute("aria-label")!.startsWith(begin),
      name,
    );
  await shows("UMAP in the plane: 1200 items"); // what the address asks for comes by itself
  const { images, labels } = await manyDigits(n);
  await dropFiles(page, [
    { name: "images.npy", bytes: writeNpy({ data: images, shape: [n, 8, 8] }) },
    { name: "labels.npy", bytes: writeNpy(labels) },
  ]);
  await page.waitForFunction(() => document.getElementById("summary")!.textContent!.includes("3,000 pictures, 8 × 8"));
  await reach(page, "ready");
  expect(await page.textContent("#hint")).toMatch(/^UMAP is computed when a run is done\. Point/);
  await page.click("#more summary");
  await page.fill("#option-layers", "64, 64, 10");
  await page.fill("#option-pretrainEpochs", "40");
  await page.fill("#option-epochs", "5");
  await page.click("#start");
  await page.waitForFunction(() => Number((document.getElementById("progress") as HTMLProgressElement).value) > 0.05);
  await page.click("#stop");
  await reach(page, "stopped");
  const [of, sampled] = ["2,500 of the 3,000 items are shown", "The embedding in the plane: 2500 items"];
  expect(await page.textContent("#hint")).toContain(`${of} until the run is done. `);
  expect(await page.getAttribute("#plane", "aria-label")).toContain(sampled);
  await page.click("#resume");
  const told = await page.evaluateHandle(() => {
    const seen: string[] = [];
    const hint = document.getElementById("hint")!;
    new MutationObserver(() => seen.push(hint.textContent)).observe(hint, { childList: true });
    return seen;
  });
  await reach(page, "done");
  const mark = (name: string): Promise<void> => page.evaluate((text) => void performance.mark(text), name);
  const trace = await traceOf(pages.browser, page, async () => {
    await mark("UMAP");
    await shows("UMAP in the plane: 3000 items, 10 clusters");
    await mark("UMAP, done");
    await mark("t-SNE");
    await page.selectOption("#view", "tsne");
    await shows("t-SNE in the plane: 3000 items, 10 clusters");
    await mark("t-SNE, done");
  });
  const held = ["UMAP", "t-SNE"].map((name) => longestTasks(trace, name, `${name}, done`)[0]!);
  console.table(held);
  expect(Math.min(...held)).toBeLessThan(16);
  expect(Math.max(...held)).toBeLessThan(50);
  expect((await told.jsonValue()).some((text) => /^UMAP is being computed, \d+ % done; until/.test(text))).toBe(true);
  expect(await page.textContent("#hint")).toMatch(/^Point at an item/);
  await page.waitForTimeout(400);
  await picture(page, "playground-tsne");
  await page.selectOption("#view", "umap"); // is there
  await shows("UMAP in the plane: 3000 items, 10 clusters");
  await page.waitForTimeout(400);
  await picture(page, "playground-umap");

  const report = new TextDecoder().decode((await save(page, "report")).bytes);
  const { told: panels, array } = await unpacked(/data-points="([^"]+)"/.exec(report)![1]!);
  const { planes } = panels as PanelsTold;
  expect(planes.map(({ name }) => name)).toEqual(["Principal axes of the embedding", "UMAP", "t-SNE"]);
  const agreements = planes.map((_, at) => {
    const xy = array(`xy${at}`, "u16")!;
    expect(xy).toHaveLength(2 * n);
    const grid = PointGrid.of(Float32Array.from(xy));
    let same = 0;
    for (let i = 0; i < n; i++)
      if (labels[grid.nearest(xy[2 * i]!, xy[2 * i + 1]!, 65535, (other) => other !== i)] === labels[i]) same++;
    return same / n;
  });
  console.table(agreements);
  for (const agreement of agreements.slice(1)) expect(agreement).toBeGreaterThan(agreements[0]! + 0.1);
  expect(problems).toEqual([]);
  await page.context().close();
});
