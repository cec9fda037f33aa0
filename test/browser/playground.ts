import { DEC, requestDevice } from "constella";
import { describe, expect, test } from "vitest";
import { readCsv, readNpy, readSafetensors } from "../../src/data";
import { launchChromium, serve } from "../../scripts/runtimes/browser.mjs";
import {
  contrastProblems,
  download,
  dropFiles,
  labelProblems,
  openPage,
  picture,
  reach,
  runFromStart,
  save,
} from "./page";
import type { Look } from "./page";
import { digits } from "./digits";
import { pages } from "./server";

const open = (look: Look = {}): ReturnType<typeof openPage> =>
  openPage(pages.browser, `${pages.url}playground.html`, look);

describe("playground", () => {
  test("what it opens with runs by itself, with Start in sight, and the labels and the report can be downloaded", async () => {
    const { page, problems } = await open();
    await page.setViewportSize({ width: 1366, height: 700 });
    const start = (await page.locator("#start").boundingBox())!;
    expect(start.y + start.height).toBeLessThan(700);
    await reach(page, "done");
    expect(await page.textContent("#measures")).toMatch(/^clusters5accuracy0\.9[5-9]/);
    await page.waitForSelector("#charts svg");
    const { name, bytes } = await save(page, "labels.csv");
    expect(name).toBe("blobs-labels.csv");
    const table = readCsv(bytes);
    expect(table.columns).toEqual(["row", "cluster"]);
    expect(table.data.shape).toEqual([1500, 2]);
    expect(new Set(table.data.data.filter((_, at) => at % 2 === 1))).toEqual(new Set([0, 1, 2, 3, 4]));
    const report = new TextDecoder().decode((await save(page, "report")).bytes);
    expect(report).toContain("<h1>blobs: k-means</h1>");
    expect(report).toContain("5 clusters among 1,500 members");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("on a server that does not isolate pages it computes in one worker", async () => {
    const server = await serve("build/pages");
    const { page, problems } = await openPage(pages.browser, `${server.url}playground.html`);
    await reach(page, "done");
    await page.click("#more summary");
    await page.selectOption("#device", "wasm");
    await page.waitForFunction(() =>
      /without shared/.test(document.getElementById("device-description")!.textContent!),
    );
    await page.selectOption("#method", "dec");
    await page.fill("#option-pretrainEpochs", "3");
    await page.fill("#option-epochs", "3");
    await runFromStart(page);
    expect(await page.textContent("#measures")).toMatch(/^clusters[2-5]accuracy/);
    expect(problems).toEqual([]);
    await page.context().close();
    server.close();
  });

  test("points are drawn by pointer and by keyboard, and DBSCAN finds as many groups", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    await page.click("#draw");
    const box = (await page.locator("#plane").boundingBox())!;
    const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
    await page.mouse.move(...at(0.35, 0.35));
    await page.mouse.down();
    for (let i = 0; i < 12; i++) await page.mouse.move(...at(0.35 + 0.003 * i, 0.35));
    await page.mouse.up();
    await page.locator("#plane").focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("ArrowDown");
    for (let i = 0; i < 12; i++) await page.keyboard.press("Space");
    await picture(page, "playground-drawing");
    await page.click("#finish");
    await reach(page, "ready");
    expect(await page.textContent("#summary")).toMatch(/^drawn points: 1\d\d points\.$/);
    await page.selectOption("#method", "dbscan");
    expect(await page.inputValue("#option-eps")).toBe("stable");
    await runFromStart(page);
    await reach(page, "done");
    expect(await page.textContent("#status")).toMatch(
      /Radius of a neighbourhood: 0?\.?\d[\d.]*, Neighbours of a core point: 5\./,
    );
    await page.fill("#option-eps", "0.3");
    await runFromStart(page);
    await reach(page, "done");
    expect(await page.textContent("#measures dd")).toBe("2");
    expect(readSafetensors((await save(page, "model")).bytes).metadata["model"]).toBe("DBSCAN");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("the learned model says how many clusters there are, and refuses what are no points", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    await page.click('[data-sample="rings"]');
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("rings"));
    await page.selectOption("#method", "learned");
    await runFromStart(page);
    await reach(page, "done");
    expect(await page.textContent("#measures")).toMatch(/^clusters2accuracy(0\.9[5-9]|1)/);
    expect(await page.textContent("#status")).toMatch(/How many clusters\? 1 with \d+ %, 2 with \d\d+ %, /);
    await page.selectOption("#colour", "confidence");
    expect(new Set(readNpy((await save(page, "labels.npy")).bytes).data as Int32Array)).toEqual(new Set([0, 1]));
    expect(await page.locator('[data-save="model"]').isDisabled()).toBe(true);
    await page.waitForSelector("#charts svg");
    await picture(page, "playground-learned");
    expect(await page.textContent("#status")).not.toContain("unlike");
    await page.click('[data-sample="spirals"]');
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("spirals"));
    await page.selectOption("#method", "learned");
    await runFromStart(page);
    await reach(page, "done");
    expect(await page.textContent("#status")).toMatch(
      /These points are unlike those that the model has learned, and its answer is not to be relied on: .* agrees by 0\.\d\d, where 99 of 100 sets .* or more\. How many/,
    );
    await page.click('[data-sample="digits"]');
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("digits"));
    await page.selectOption("#method", "learned");
    await page.click("#start");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toMatch(
      /^The learned model takes points of the plane; these items are \d+ × 8/,
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("dropped npy files are clustered by DEC, which stops, goes on from its checkpoint, and gives labels and a model that load", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    const { images, labels } = await digits(600);
    await dropFiles(page, [
      { name: "images.npy", bytes: images },
      { name: "labels.npy", bytes: labels },
    ]);
    await page.waitForFunction(() =>
      document.getElementById("summary")!.textContent!.includes("600 pictures, 8 × 8. 10 known classes"),
    );
    expect(await page.inputValue("#method")).toBe("dec");
    await page.click("#more summary");
    await page.fill("#option-layers", "64, 128, 64, 10");
    await page.fill("#option-pretrainEpochs", "150");
    await page.fill("#option-epochs", "10");
    await page.click("#start");
    await page.waitForFunction(() => Number((document.getElementById("progress") as HTMLProgressElement).value) > 0.02);
    await page.click("#stop");
    await reach(page, "stopped");
    await page.click("#resume");
    await reach(page, "done");
    const found = readNpy((await save(page, "labels.npy")).bytes);
    expect(found.shape).toEqual([600]);
    expect(new Set(found.data as Int32Array).size).toBeGreaterThan(6);
    const accuracy = Number(await page.locator("#measures dd").nth(1).textContent());
    expect(accuracy).toBeGreaterThan(0.5);
    const { bytes } = await save(page, "model");
    expect(readSafetensors(bytes).metadata["model"]).toBe("DEC");
    const device = await requestDevice("wasm", { threads: 0 });
    const model = await DEC.load(bytes, { device });
    expect(Array.from(model.labels)).toEqual(Array.from(found.data as Int32Array));
    model.dispose();
    device.destroy();
    await page.waitForSelector("#members canvas");
    await picture(page, "playground-digits");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("a GPU that crashes while DEC trains: WebAssembly goes on from the last checkpoint, and the page says so", async () => {
    const browser = await launchChromium(); // its own: the crash is the browser's
    const { page } = await openPage(browser, `${pages.url}playground.html`);
    await reach(page, "done");
    await page.click("#more summary");
    await page.selectOption("#device", "webgpu");
    await page.waitForFunction(() =>
      document.getElementById("device-description")!.textContent!.includes("swiftshader"),
    );
    const { images } = await digits(300);
    await dropFiles(page, [{ name: "images.npy", bytes: images }]);
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.includes("300 pictures"));
    await page.fill("#option-layers", "64, 32, 5");
    await page.fill("#option-pretrainEpochs", "1200");
    await page.fill("#option-epochs", "10");
    await page.click("#start");
    // the kernels are compiled, and passes end; a checkpoint is made every five seconds
    await page.waitForFunction(() =>
      /pass ([3-9]|\d\d+) of 1200/.test(document.getElementById("status")!.textContent!),
    );
    await page.waitForTimeout(6000);
    // the passes that the page tells of from now on
    const passes = await page.evaluateHandle(() => {
      const seen: number[] = [];
      const status = document.getElementById("status")!;
      const look = (): unknown => seen.push(Number(/pass (\d+) of 1200/.exec(status.textContent)?.[1] ?? 1200));
      new MutationObserver(look).observe(status, { childList: true });
      return seen;
    });
    await (await browser.newBrowserCDPSession()).send("Browser.crashGpuProcess");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toMatch(
      /^webgpu: the device is lost, .*[^.]\. WebAssembly takes its place, from the last checkpoint\.$/,
    );
    await page.waitForFunction(() =>
      document.getElementById("device-description")!.textContent!.includes("WebAssembly"),
    );
    await reach(page, "done");
    expect(Math.min(...(await passes.jsonValue()))).toBeGreaterThan(1); // not from the beginning
    expect(new Set(readNpy((await save(page, "labels.npy")).bytes).data as Int32Array).size).toBeGreaterThan(6);
    await browser.close();
  });

  test("a table with a column of classes is read, and DeepCluster trains on it", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    const rows = Array.from({ length: 300 }, (_, i) => {
      const group = i % 3;
      const noise = (place: number): number => Math.sin(12.9898 * (i + 1) * place) * 0.4;
      return `${4 * group + noise(1)},${noise(2) - 3 * (group % 2)},${noise(3)},${["oak", "ash", "elm"][group]}`;
    });
    await dropFiles(page, [{ name: "trees.csv", bytes: new TextEncoder().encode(["a,b,c,kind", ...rows].join("\n")) }]);
    await page.waitForFunction(() =>
      document.getElementById("summary")!.textContent!.includes("300 rows of 3 values. 3 known classes"),
    );
    await page.selectOption("#method", "deep-cluster");
    await page.fill("#option-epochs", "4");
    await runFromStart(page);
    await reach(page, "done");
    await page.selectOption("#colour", "confidence");
    const found = readNpy((await save(page, "labels.npy")).bytes).data as Int32Array;
    expect(found).toHaveLength(300);
    expect(new Set(found)).toEqual(new Set([0, 1, 2]));
    expect(readNpy((await save(page, "embedding.npy")).bytes).shape).toEqual([300, 64]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("what cannot be read is said, and what was there stays", async () => {
    const { page } = await open();
    await reach(page, "done");
    await dropFiles(page, [{ name: "notes.doc", bytes: new TextEncoder().encode("hello") }]);
    await page.waitForSelector("#data-error:not([hidden])");
    expect(await page.textContent("#data-error")).toContain("notes.doc: files of the kinds npy");
    await page.fill("#option-nClusters", "0");
    await page.click("#start");
    expect(await page.textContent("#option-nClusters-error")).toBe(
      "Clusters must be a whole number from 1 to 1000, a range as 2..12 with the lower one first, or auto, got 0",
    );
    await page.fill("#option-nClusters", "3");
    await runFromStart(page);
    await reach(page, "done");
    expect(await page.locator("#option-nClusters-error").count()).toBe(0);
    await page.context().close();
  });

  test("settings are in the address, and a link with them opens the same", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    await page.click('[data-sample="moons"]');
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("moons"));
    await reach(page, "ready");
    await page.selectOption("#method", "dbscan");
    await page.fill("#option-eps", "0.11");
    await page.dispatchEvent("#option-eps", "change");
    await page.waitForFunction(() => location.hash.includes("eps=0.11"));
    const address = page.url();
    expect(address).toMatch(/#data=moons&method=dbscan&scale=none&eps=0\.11$/);
    const other = await openPage(pages.browser, address);
    await reach(other.page, "done");
    expect(await other.page.textContent("#summary")).toMatch(/^moons/);
    expect(await other.page.inputValue("#method")).toBe("dbscan");
    expect(await other.page.inputValue("#option-eps")).toBe("0.11");
    expect(await other.page.textContent("#measures dd")).toBe("2");
    expect([...problems, ...other.problems]).toEqual([]);
    await other.page.context().close();
    await page.context().close();
  });

  test("looking closer, selecting by a line, and clusters of new items", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    const box = (await page.locator("#plane").boundingBox())!;
    const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
    expect(await page.locator("#fit").isDisabled()).toBe(true);
    await page.click("#nearer");
    expect(await page.locator("#fit").isDisabled()).toBe(false);
    await page.locator("#plane").focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("0");
    expect(await page.locator("#fit").isDisabled()).toBe(true);
    await page.click("#select");
    await page.mouse.move(...at(0.02, 0.02));
    await page.mouse.down();
    for (const [x, y] of [[0.98, 0.02], [0.98, 0.98], [0.02, 0.98]] as const) await page.mouse.move(...at(x, y)); // prettier-ignore
    await page.mouse.up();
    expect(await page.textContent("#selection-text")).toMatch(
      /^1,500 items selected; cluster \d 3\d\d, .*; class \d 300/,
    );
    const { bytes } = await download(page, page.locator("#selection-save"));
    expect(readCsv(bytes).columns).toEqual(["row", "cluster", "class"]);
    await page.keyboard.press("Escape");
    await page.click("#selection-clear").catch(() => undefined);
    await page.click("#plane", { position: { x: 3, y: 3 } });
    await page.waitForSelector("#selection", { state: "hidden" });

    const write = (rows: string): { name: string; mimeType: string; buffer: Buffer } => ({
      ...{ name: "new.csv", mimeType: "text/csv" },
      buffer: Buffer.from(rows),
    });
    await page.setInputFiles("#predict", write("-1.1,0.7\n-1.0,0.6\n1.2,-0.35\n"));
    await page.waitForSelector("#predicted-save:not([hidden])");
    expect(await page.textContent("#predicted")).toMatch(/^new\.csv: 3 new items; cluster \d [12], cluster \d [12]\.$/);
    const predicted = readCsv((await download(page, page.locator("#predicted-save"))).bytes);
    const [a, b, c] = [0, 1, 2].map((row) => predicted.data.get(row, 1));
    expect(a).toBe(b);
    expect(c).not.toBe(a);
    await page.setInputFiles("#predict", write("1,2,3\n4,5,6\n"));
    await page.waitForSelector("#predict-error:not([hidden])");
    expect(await page.textContent("#predict-error")).toBe("new.csv: items must be 2, as those of blobs, got 3");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("of other data all is seen, and nothing is told of those before", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    await page.click("#nearer");
    const box = (await page.locator("#plane").boundingBox())!;
    for (let x = 0.3; x < 0.7 && (await page.locator("#tip").isHidden()); x += 0.01)
      await page.mouse.move(box.x + x * box.width, box.y + 0.5 * box.height);
    expect(await page.locator("#tip").isHidden()).toBe(false);
    await page.locator('[data-sample="moons"]').focus();
    await page.keyboard.press("Enter"); // the pointer stays where it is
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("moons"));
    await reach(page, "ready");
    expect([await page.locator("#tip").isHidden(), await page.locator("#fit").isDisabled()]).toEqual([true, true]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("digits as pictures", async () => {
    const { page, problems } = await openPage(
      pages.browser,
      `${pages.url}playground.html#data=digits&method=kmeans&items=pictures`,
    );
    await reach(page, "done");
    expect(await page.inputValue("#items")).toBe("pictures");
    await page.waitForTimeout(500);
    await picture(page, "playground-pictures");
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test.each([
    ["light", {}],
    ["dark", { dark: true }],
    ["phone", { phone: true }],
    ["phone-dark", { phone: true, dark: true }],
  ] as const)("every control has a name and every text its contrast: %s", async (name, look) => {
    const { page, problems } = await open(look);
    await reach(page, "done");
    await runFromStart(page);
    await reach(page, "done");
    await page.waitForSelector("#charts svg");
    await page.click("#more summary");
    await page.waitForTimeout(500); // the items have arrived where they belong
    await picture(page, `playground-${name}`);
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});

test.each([
  ["light", {}],
  ["dark", { dark: true }],
])("the index leads to every page: %s", async (name, look) => {
  const { page, problems } = await openPage(pages.browser, pages.url, look);
  await picture(page, `index-${name}`);
  expect(await labelProblems(page)).toEqual([]);
  expect(await contrastProblems(page)).toEqual([]);
  const links = await page
    .locator(".pages a")
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) expect((await page.goto(link))!.status()).toBe(200);
  expect(problems).toEqual([]);
  await page.context().close();
});
