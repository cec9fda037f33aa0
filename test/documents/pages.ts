// What the pages of the documents are expected to show.
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Which of these colours a canvas shows, once there is one. */
async function coloursShown(page: Page, colours: readonly string[]): Promise<readonly string[]> {
  await page.waitForSelector("canvas", { state: "attached" });
  return page.evaluate((names) => {
    const read = (context: CanvasRenderingContext2D): Uint32Array =>
      new Uint32Array(context.getImageData(0, 0, context.canvas.width, context.canvas.height).data.buffer);
    const pixels = new Set(read(document.querySelector("canvas")!.getContext("2d")!));
    const one = new OffscreenCanvas(1, 1).getContext("2d", {
      willReadFrequently: true,
    })! as unknown as CanvasRenderingContext2D;
    return names.filter((name) => {
      one.fillStyle = name;
      one.fillRect(0, 0, 1, 1);
      return pixels.has(read(one)[0]!);
    });
  }, colours);
}

const LIMIT = { timeout: 60_000 };

/** Waits until a page shows what it should. */
export type Expectation = (page: Page) => Promise<void>;

/** Pages that commands build: by document and heading, the folder that they are in then. */
export const BUILT_PAGES: Readonly<Record<string, { readonly folder: string; readonly expectation: Expectation }>> = {
  "in-a-page: Through a bundler": {
    folder: "app/dist",
    expectation: async (page) => {
      await expect.poll(() => page.textContent("body"), LIMIT).toMatch(/0 0 1 1|1 1 0 0/);
    },
  },
};

/** Pages by document and heading. */
export const PAGES: Readonly<Record<string, Expectation>> = {
  "README: In a page": async (page) => {
    const colours = ["teal", "orange", "purple"];
    await expect.poll(() => coloursShown(page, colours), LIMIT).toEqual(colours);
  },
  "in-a-page: Without a bundler": async (page) => {
    await expect.poll(() => page.textContent("#sizes"), LIMIT).toBe("wasm: 1000 1000 1000");
    await page.fill("#k", "1");
    await page.dispatchEvent("#k", "change");
    await expect.poll(() => page.textContent("#sizes"), LIMIT).toBe("wasm: 3000");
  },
  "in-a-page: In a worker of your own": async (page) => {
    await expect.poll(() => page.textContent("#state"), LIMIT).toBe("600 labels");
  },
  "in-a-page: Content security policy": async (page) => {
    await expect.poll(() => page.textContent("#labels"), LIMIT).toMatch(/thread.*: (0 0 1 1|1 1 0 0)$/);
  },
};
