// A field of the sky that is cut into objects in the playground, beside what the command line makes of the same.
import { expect, describe, test } from "vitest";
import { FitsFile } from "../../src/astronomy";
import { readCsv, writeNpy } from "../../src/data";
import { NdArray } from "../../src/ndarray";
import { constella, read, useProgram } from "../cli/program";
import { contrastProblems, dropFiles, labelProblems, openPage, picture, reach, save, runFromStart } from "./page";
import { pages } from "./server";

const pixelsOf = async (bytes: Uint8Array): Promise<number[]> =>
  Array.from((await (await FitsFile.open(bytes)).image().integers()).data, Number);

describe("a field in the playground", () => {
  useProgram();

  test("is cut into objects as the command line does it, each of which is shown; its stamps are data, and an array may be one", async () => {
    const simulate = ["simulate", "stars-galaxies", "--field", "96", "--n", "14", "--seed", "4", "--out", "f"];
    expect(await constella(...simulate)).toMatchObject({ code: 0 });
    const command = constella(
      ...["cluster", "f/field.fits", "--method", "hypercolumn-segmentation", "--clusters", "3", "--channels", "4,6"],
      ...["--epochs", "2", "--stretch", "asinh", "--tile-size", "16", "--device", "wasm", "--out", "run"],
    );
    const field = new Uint8Array(await read("f/field.fits"));
    const { page, problems } = await openPage(pages.browser, `${pages.url}playground.html#device=wasm&data=moons`);
    const told = (begin: string) =>
      page.waitForFunction((text) => document.getElementById("summary")!.textContent!.startsWith(text), begin);
    await reach(page, "done");
    expect(await page.locator('[data-save="mask.fits"]').isVisible()).toBe(false);
    await dropFiles(page, [{ name: "field.fits", bytes: field }]);
    await told("field.fits: ");
    await reach(page, "ready");
    await page.selectOption("#method", "hypercolumn-segmentation");
    await page.waitForSelector("#option-foreground", { state: "attached" });
    // what is of single stamps, or of rows, is not asked
    for (const id of ["crop", "normalize", "center", "neighbours", "as"])
      expect(await page.locator(`#option-${id}`).count()).toBe(0);
    expect([await page.inputValue("#option-nClusters"), await page.inputValue("#option-foreground")]).toEqual(["3", "bright"]); // prettier-ignore
    await page.click("#more summary");
    expect(await page.locator("#scale").isVisible()).toBe(false);
    for (const [name, value] of Object.entries({ channels: "4,6", epochs: "2", tileSize: "16" }))
      await page.fill(`#option-${name}`, value);
    await page.selectOption("#option-stretch", "asinh");
    await runFromStart(page);
    await reach(page, "done");
    await page.waitForSelector("#objects tbody tr");

    expect(await command).toMatchObject({ code: 0 });
    for (const name of ["labels.fits", "mask.fits"]) {
      const own = await save(page, name);
      expect(own.name).toBe(`field-${name}`);
      expect(await pixelsOf(own.bytes)).toEqual(await pixelsOf(await read(`run/${name}`)));
    }
    const [own, theirs] = [readCsv((await save(page, "objects.csv")).bytes), readCsv(await read("run/objects.csv"))];
    expect(own.columns).toEqual(theirs.columns);
    expect(own.data.shape).toEqual(theirs.data.shape);
    // sines of two engines differ in the last digit
    own.data.data.forEach((value, at) =>
      expect(Math.abs(value - theirs.data.data[at]!)).toBeLessThanOrEqual(1e-12 * Math.abs(value)),
    );
    const [count, columns] = own.data.shape as [number, number];
    expect(await page.locator("#objects tbody tr").count()).toBe(count);
    expect(await page.textContent("#objects-text")).toContain(`${count} objects of five pixels and more`);
    expect(await page.textContent("#measures")).toBe(`clusters3objects${count}`);
    expect(await page.inputValue("#layer")).toBe("objects");

    await page.click("#objects tbody tr:nth-child(3) button");
    await page.waitForSelector("#region-stamp:not([hidden])");
    const pixels = own.data.data[2 * columns + own.columns!.indexOf("pixels")]!;
    expect(await page.textContent("#region-text")).toMatch(
      new RegExp(`^Pixel \\d+, \\d+ \\(.*\\): object 3 of ${count}, ${pixels} pixels, cluster \\d\\.$`),
    );
    expect(await page.getAttribute("#region-stamp", "aria-label")).toBe("Object 3, 32 × 32 pixels");
    expect(await page.textContent("#region-spectra")).toContain("object 3");
    for (const [name, width] of [["desktop", 1280], ["phone", 390]] as const) {
      await page.setViewportSize({ width, height: 844 });
      expect([...(await labelProblems(page)), ...(await contrastProblems(page))]).toEqual([]);
      await picture(page, `playground-field-${name}`);
    } // prettier-ignore

    await page.click("#objects-stamps");
    await told("objects of field.fits: ");
    await reach(page, "ready");
    expect(await page.textContent("#summary")).toMatch(/^objects of field\.fits: \d+ pictures, 5 × 32 × 32\./);
    expect(await page.inputValue("#method")).toBe("conditional-vae");
    for (const id of ["#objects-section", '[data-save="mask.fits"]', "#sky"])
      expect(await page.locator(id).isVisible()).toBe(false);

    // few planes are pictures, or the bands of one image
    const cube = writeNpy(
      new NdArray(
        Float32Array.from({ length: 5 * 20 * 24 }, (_, i) => i % 97),
        [5, 20, 24],
      ),
    );
    await dropFiles(page, [{ name: "cube.npy", bytes: cube }]);
    await told("cube.npy: 5 pictures, 20 × 24. Its shape leaves open which it is: choose below.");
    await page.selectOption("#taken", "bands");
    await told("cube.npy: 480 pixels in 5 bands. 24 × 20 pixels, band 1, band 2, ");
    expect(await page.inputValue("#taken")).toBe("bands");
    await page.selectOption("#taken", "pictures");
    await told("cube.npy: 5 pictures");
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
