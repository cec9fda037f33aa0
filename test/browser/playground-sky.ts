// FITS files in the playground, beside what the command line makes of the same.
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { FitsFile, simulateGalaxy, Wcs, writeFits } from "../../src/astronomy";
import type { CardLike } from "../../src/astronomy";
import { readCsv } from "../../src/data";
import { NdArray } from "../../src/ndarray";
import { constella, read, useProgram, write } from "../cli/program";
import { contrastProblems, dropFiles, labelProblems, openPage, picture, reach, runFromStart, save } from "./page";
import type { Look } from "./page";
import { pages } from "./server";

const SIZE = 96;
const { cube, filters, cards } = simulateGalaxy({ size: SIZE, seed: 3, border: 6 });
const pixels = SIZE * SIZE;
const bandCards = (i: number, at: number): CardLike[] => [
  [`BAND${at}`, filters[i]!.name],
  [`WAVE${at}`, filters[i]!.wavelength, "nm"],
];
const galaxy = writeFits(cube, { cards: [...cards, ...filters.flatMap((_, i) => bandCards(i, i + 1))] });
/** One band as a file, its sky moved by some pixels. */
const bandFile = (i: number, moved = 0, wcs = true): Uint8Array => {
  const data = cube.data.slice(i * pixels, (i + 1) * pixels);
  const sky = cards.map((card) => {
    const [key, value] = card as readonly [string, number];
    return key === "CRPIX1" ? ([key, value + moved] as const) : card;
  });
  return writeFits(new NdArray(data, [SIZE, SIZE]), { cards: [...(wcs ? sky : []), ...bandCards(i, 1)] as CardLike[] });
};

const open = (look: Look = {}): ReturnType<typeof openPage> =>
  openPage(pages.browser, `${pages.url}playground.html#device=wasm&data=moons`, look);
/** Drops files, until the page has read them. */
async function drop(page: Page, files: Readonly<Record<string, Uint8Array>>, begin: string): Promise<void> {
  await dropFiles(
    page,
    Object.entries(files).map(([name, bytes]) => ({ name, bytes })),
  );
  await page.waitForFunction((text) => document.getElementById("summary")!.textContent!.startsWith(text), begin);
  await reach(page, "ready");
}
/** Clicks at a pixel of the image, all of which is seen. */
async function clickAt(page: Page, x: number, y: number): Promise<string> {
  await page.locator("#sky").scrollIntoViewIfNeeded();
  const box = (await page.locator("#sky").boundingBox())!;
  const scale = Math.min(box.width - 52, box.height - 52) / SIZE;
  const [across, down] = [(x + 0.5 - SIZE / 2) * scale, (SIZE / 2 - y - 0.5) * scale];
  await page.mouse.click(box.x + box.width / 2 + across, box.y + box.height / 2 + down);
  await page.waitForFunction(
    (begin) => document.getElementById("region-text")!.textContent!.startsWith(begin),
    `Pixel ${x}, ${y} `,
  );
  return (await page.textContent("#region-text"))!;
}
/** All that is said below the image from now on. */
const hints = (page: Page) =>
  page.evaluateHandle(() => {
    const seen: string[] = [];
    const hint = document.getElementById("hint")!;
    new MutationObserver(() => seen.push(hint.textContent!)).observe(hint, { childList: true });
    return seen;
  });
/** A pixel of what is drawn, the middle of a pixel of the image. */
const colourAt = (page: Page, x: number, y: number): Promise<number[]> =>
  page.evaluate(
    ([x, y, size]) => {
      const canvas = document.getElementById("sky") as HTMLCanvasElement;
      const scale = (Math.min(canvas.clientWidth, canvas.clientHeight) - 52) / size;
      const left = canvas.clientWidth / 2 + (x + 0.5 - size / 2) * scale;
      const top = canvas.clientHeight / 2 + (size / 2 - y - 0.5) * scale;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      return [...copy.getImageData(Math.round(left), Math.round(top), 1, 1).data];
    },
    [x, y, SIZE] as const,
  );

describe("the sky in the playground", () => {
  useProgram();

  test("a cube is seen, its map organises, a click tells a region, and labels.fits is what the command line writes", async () => {
    await write("galaxy.fits", galaxy);
    const command = constella(
      ...["cluster", "galaxy.fits", "--method", "som", "--clusters", "5", "--seed", "4", "--epochs", "12"],
      ...["--device", "wasm", "--out", "run"],
    );
    const { page, problems } = await open();
    await reach(page, "done");
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(request.url()));
    await drop(page, { "galaxy.fits": galaxy }, "galaxy.fits: ");
    expect(loaded.some((url) => /\/open-\w+/.test(url))).toBe(true); // and not before
    const complete = Array.from({ length: pixels }, (_, at) =>
      filters.every((_, band) => !Number.isNaN(cube.data[band * pixels + at]!)),
    );
    const n = complete.filter(Boolean).length;
    expect(await page.textContent("#summary")).toBe(
      `galaxy.fits: ${n.toLocaleString("en")} pixels in 9 bands. 96 × 96 pixels, ${filters.map(({ name }) => name).join(", ")}. ` +
        `${(pixels - n).toLocaleString("en")} pixels lack a value in some band, and are left out.`,
    );
    // in three colours, the sky dark, the middle bright, the border without data grey
    const [sky, middle, border] = [
      await colourAt(page, 10, 12),
      await colourAt(page, 48, 48),
      await colourAt(page, 0, 50),
    ];
    expect(middle[0]).toBeGreaterThan(sky[0]! + 60);
    expect(border.slice(0, 3)).toEqual([40, 42, 48]);
    expect(await clickAt(page, 48, 48)).toMatch(/^Pixel 48, 48 \(13h37m04\.7\d*s, −29°50′57\.\d+″\)\.$/);
    await page.waitForSelector("#region-spectra svg");

    expect(await page.inputValue("#method")).toBe("som");
    await page.fill("#option-nClusters", "5");
    await page.fill("#option-epochs", "12");
    await page.click("#more summary");
    await page.selectOption("#scale", "none");
    await page.fill("#option-seed", "4");
    const said = await hints(page);
    await runFromStart(page);
    await reach(page, "done");
    expect(
      (await said.jsonValue()).filter((text) => text.startsWith("Colours: the unit of the map")).length,
    ).toBeGreaterThan(2);
    expect(await page.textContent("#measures")).toBe("clusters5");
    await page.waitForSelector('#charts svg[aria-label^="U-matrix"] polygon');

    const { name, bytes } = await save(page, "labels.fits");
    expect(name).toBe("galaxy-labels.fits");
    expect((await command).code).toBe(0);
    const labelsOf = async (content: Uint8Array) => {
      const image = (await FitsFile.open(content)).image();
      return { header: image.header, shape: image.shape, data: (await image.integers()).data as Int16Array };
    };
    const [own, theirs] = [await labelsOf(bytes), await labelsOf(await read("run/labels.fits"))];
    expect(own.shape).toEqual([SIZE, SIZE]);
    expect([...own.data]).toEqual([...theirs.data]);
    const places = [0, 0, 17.25, 30.5, SIZE - 1, SIZE - 1];
    const expected = [...new Wcs((await FitsFile.open(galaxy)).image().header).pixelToWorld(places)];
    expect([...new Wcs(own.header).pixelToWorld(places)]).toEqual(expected);
    expect([...new Wcs(theirs.header).pixelToWorld(places)]).toEqual(expected);
    const history = ({ header }: typeof own) =>
      header.cards.filter(({ key }) => key === "HISTORY").map(({ comment }) => comment);
    expect(history(own)[0]).toBe(history(theirs)[0]);
    expect(history(own)).toEqual(expect.arrayContaining(["nClusters = 5", "seed = 4"]));
    const clusters = readCsv((await save(page, "clusters.csv")).bytes);
    expect(clusters.columns).toEqual(readCsv(await read("run/clusters.csv")).columns);
    // sines of two engines differ in the last digit
    const expectedRows = readCsv(await read("run/clusters.csv")).data.data;
    clusters.data.data.forEach((value, at) =>
      expect(Math.abs(value - expectedRows[at]!)).toBeLessThanOrEqual(1e-12 * Math.abs(value)),
    );

    // the report as the command line draws it, but for when it was made, and by what
    const report = await save(page, "report");
    expect(report.name).toBe("galaxy-report.html");
    const sectionsOf = (text: string): Map<string, string> =>
      new Map(
        [...text.matchAll(/<section id="(\w+)">([^]*?)<\/section>/g)].map(([, id, body]) => [id!, body!] as const),
      );
    const [shown, written] = [new TextDecoder().decode(report.bytes), (await read("run/report.html")).toString()].map(
      sectionsOf,
    ) as [Map<string, string>, Map<string, string>];
    expect([...shown.keys()]).toEqual(["image", "spectra", "clusters", "map", "components", "curves", "provenance"]);
    expect([...shown.keys()]).toEqual([...written.keys()]);
    for (const same of ["image", "map"]) expect(shown.get(same)).toBe(written.get(same));
    expect(shown.get("spectra")).toContain("wavelength (nm)");
    expect(shown.get("image")).toContain("13h37m");

    // the piece of a cluster that is connected with where it was clicked
    const [x, y] = [48, 47];
    const label = own.data[y * SIZE + x]!;
    const piece = new Set([y * SIZE + x]);
    for (const at of piece)
      for (const step of [1, -1, SIZE, -SIZE]) {
        const crosses = Math.abs(step) === 1 && Math.floor((at + step) / SIZE) !== Math.floor(at / SIZE);
        if (!crosses && own.data[at + step] === label) piece.add(at + step);
      }
    const all = own.data.reduce((count, other) => count + Number(other === label), 0);
    expect(await clickAt(page, x, y)).toMatch(
      new RegExp(
        `^Pixel 48, 47 \\(.*\\): cluster ${label}\\. .* ${piece.size.toLocaleString("en")} pixels? of the cluster’s ${all.toLocaleString("en")} pixels\\.$`,
      ),
    );
    expect(await page.textContent("#region-spectra")).toContain("wavelength (nm)");
    expect(await page.locator("#region-spectra .legend li").count()).toBe(2);
    // nearer, and back
    await page.click("#nearer");
    expect(await page.locator("#fit").isDisabled()).toBe(false);
    await page.locator("#sky").focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("0");
    expect(await page.locator("#fit").isDisabled()).toBe(true);
    await page.selectOption("#layer", "composite");
    await page.selectOption("#view", "data");
    expect(await page.locator("#sky").isHidden()).toBe(true);
    await page.selectOption("#view", "sky");
    // other data have nothing of it
    await page.click('[data-sample="moons"]');
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("moons"));
    await reach(page, "ready");
    for (const id of ["#sky", "#region", '[data-save="labels.fits"]', "#option-as"])
      expect(await page.locator(id).isVisible()).toBe(false);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("several bands: on one grid, or refused in one line beside where they were dropped", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    const refused = async (files: Readonly<Record<string, Uint8Array>>): Promise<string> => {
      await dropFiles(
        page,
        Object.entries(files).map(([name, bytes]) => ({ name, bytes })),
      );
      await page.waitForSelector("#data-error:not([hidden])");
      const text = (await page.textContent("#data-error"))!;
      await page.evaluate(() => (document.getElementById("data-error")!.hidden = true));
      return text;
    };
    expect(await refused({ "a.fits": bandFile(0), "far.fits": bandFile(1, 5000) })).toBe(
      "prepare: the skies of far.fits and a.fits do not overlap",
    );
    expect(await refused({ "a.fits": bandFile(0), "b.fits": bandFile(1, 0, false) })).toBe(
      "prepare: b.fits has no world coordinates; bands of one grid are taken as aligned",
    );
    expect(await refused({ "a.fits": bandFile(0), "b.csv": new TextEncoder().encode("1,2\n3,4\n") })).toBe(
      "b.csv: FITS files are taken by themselves, without others",
    );
    expect(await refused({ "broken.fits": galaxy.slice(0, 40_000) })).toMatch(/^fits: .* \(broken\.fits\)$/);
    const empty = writeFits(new NdArray(new Float32Array(16).fill(NaN), [4, 4]));
    expect(await refused({ "empty.fits": empty })).toBe("empty.fits: there must be numbers, all of it is NaN");
    const apart = new Float32Array(32).map((_, at) => (at < 8 || at >= 24 ? 1 : NaN));
    expect(await refused({ "apart.fits": writeFits(new NdArray(apart, [2, 4, 4])) })).toBe(
      "apart.fits: no pixel has data in every band",
    );
    expect(await page.textContent("#summary")).toMatch(/^moons/); // what was there stays

    await drop(page, { "f814w.fits": bandFile(8), "f336w.fits": bandFile(1, 3), f502n: bandFile(5) }, "3 files: ");
    expect(await page.textContent("#summary")).toMatch(
      /pixels in 3 bands\. 96 × 96 pixels, F814W, F336W, F502N\. .* left out\. F336W: reprojected, bilinear\.$/,
    );
    await page.selectOption("#option-as", "superpixels");
    await page.fill("#option-superpixels", "80");
    await page.selectOption("#method", "kmeans");
    await page.waitForSelector("#option-nInit");
    expect(await page.inputValue("#option-superpixels")).toBe("80");
    await page.fill("#option-nClusters", "3");
    await runFromStart(page);
    await reach(page, "done");
    const { bytes } = await save(page, "labels.fits");
    const image = (await FitsFile.open(bytes)).image();
    const labels = (await image.integers()).data as Int16Array;
    expect(image.header.cards.find(({ key }) => key === "HISTORY")!.comment).toMatch(/of 3 files, as superpixels$/);
    expect([...new Set(labels)].sort()).toEqual([-1, 0, 1, 2]);
    // pixels of one superpixel are of one cluster: its border is where few neighbours differ
    const differ = labels.reduce((count, label, at) => count + Number(at % SIZE > 0 && labels[at - 1] !== label), 0);
    expect(differ).toBeLessThan(0.1 * pixels);
    await page.fill("#option-superpixels", "0");
    await page.click("#start");
    expect(await page.textContent("#option-superpixels-error")).toBe(
      "Superpixels must be a whole number from 1, got 0",
    );
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("an evolving map and a stack are seen while they train, and what is stopped goes on", async () => {
    const { page, problems } = await open();
    await reach(page, "done");
    await drop(page, { "galaxy.fits": galaxy }, "galaxy.fits: ");
    const said = await hints(page);
    await page.selectOption("#method", "esom");
    await page.waitForSelector("#option-epsilonQuantile", { state: "attached" });
    await page.click("#more summary");
    await page.fill("#option-passes", "40");
    await page.fill("#option-maxNodes", "40");
    await page.click("#start");
    await page.waitForFunction(() =>
      /^Colours: the clusters that the map has/.test(document.getElementById("hint")!.textContent!),
    );
    await page.click("#stop");
    await reach(page, "stopped");
    await page.click("#resume");
    await reach(page, "done");
    expect(await page.textContent("#hint")).toMatch(/^Click at a place/);
    await page.selectOption("#method", "csom");
    await page.waitForSelector("#option-grids", { state: "attached" });
    await runFromStart(page);
    await reach(page, "done");
    expect(
      (await said.jsonValue()).filter((text) => text.startsWith("Colours: the unit of the map")).length,
    ).toBeGreaterThan(0);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test.each([
    ["light", {}],
    ["dark", { dark: true }],
    ["phone", { phone: true }],
  ] as const)("the sample galaxy, every control with a name and contrast: %s", async (name, look) => {
    const { page, problems } = await open(look);
    await reach(page, "done");
    await page.click('[data-sample="galaxy"]');
    await page.waitForFunction(() => document.getElementById("summary")!.textContent!.startsWith("galaxy"));
    await reach(page, "ready");
    await runFromStart(page);
    await reach(page, "done");
    await page.locator("#sky").focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector("#region-spectra svg");
    await page.waitForSelector('#charts svg[aria-label^="U-matrix"]');
    await picture(page, `playground-sky-${name}`);
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
