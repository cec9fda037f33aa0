import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { kernelFiles } from "../../scripts/kernels/files.mjs";
import { contrastProblems, download, labelProblems, openPage, picture } from "./page";
import type { Look } from "./page";
import { pages } from "./server";

interface Run {
  readonly device: string;
  readonly roof: { readonly gflops: number; readonly gbytes: number };
  readonly rows: readonly {
    readonly kernel: string;
    readonly error?: string;
    readonly validation: string;
    readonly gbytes?: number;
    readonly timing?: { readonly ms: number; readonly best: number; readonly clock: string };
  }[];
}

const open = (look: Look = {}): ReturnType<typeof openPage> => openPage(pages.browser, `${pages.url}bench.html`, look);

async function measure(page: Page): Promise<Run> {
  await page.waitForSelector("html[data-state=ready]");
  await page.click("#start");
  await page.waitForSelector("html[data-state=done]", { timeout: 280_000 });
  expect(await page.textContent("#error")).toBe("");
  const { bytes } = await download(page, page.locator("#save"));
  return JSON.parse(new TextDecoder().decode(bytes)) as Run;
}

/** Whether a kernel is of Lloyd's passes over many centres. */
const ofManyCentres = (kernel: string): boolean => dirname(kernelFiles().get(kernel)!).endsWith("large-k");

/** Leaves only some workloads ticked. */
async function choose(page: Page, names: readonly string[]): Promise<void> {
  await page.click("#choice summary");
  await page.click("#none");
  for (const name of names) await page.check(`#workloads li:has-text("${name}") input[type=checkbox]`);
}

describe("bench", () => {
  test("every kernel of the library is checked against the other device and timed, on WebAssembly", async () => {
    const { page, problems } = await open();
    await page.selectOption("#device", "wasm");
    const run = await measure(page);
    expect(run.rows.filter(({ error }) => error !== undefined)).toEqual([]);
    // long series are sorted by exchanges between workgroups, on WebAssembly by one thread each; rows by label on WebGPU alone
    const launched = [...kernelFiles().keys()].filter((kernel) => kernel !== "sort_exchange" && !ofManyCentres(kernel));
    expect([...new Set(run.rows.map(({ kernel }) => kernel))].sort()).toEqual(launched.sort());
    for (const { validation, timing, gbytes } of run.rows) {
      expect(validation).toMatch(/^webgpu, within /);
      expect(timing!.best).toBeGreaterThan(0);
      expect(timing!.ms).toBeGreaterThanOrEqual(timing!.best);
      expect(gbytes).toBeGreaterThan(0);
    }
    expect(run.roof.gflops).toBeGreaterThan(0.1);
    await page.waitForSelector("#chart svg");
    await picture(page, "bench-light");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test("WebGPU is timed by the adapter's timestamps, and two runs are compared", async () => {
    const { page, problems } = await open({ dark: true });
    await choose(page, ["matrix product", "k-means of many centres", "Adam"]);
    await page.fill('[aria-label="Sizes of matrix product"]', "m 33, k 65, n 40");
    await page.fill('[aria-label="Sizes of k-means of many centres"]', "n 4000, d 16, k 300");
    const run = await measure(page);
    expect(run.device).toContain("swiftshader");
    expect(run.rows.filter(({ error }) => error !== undefined)).toEqual([]);
    const kernels = ["matmul", "adam", ...[...kernelFiles().keys()].filter(ofManyCentres)];
    expect([...new Set(run.rows.map(({ kernel }) => kernel))]).toEqual(expect.arrayContaining(kernels));
    for (const { timing, validation } of run.rows) {
      expect(timing!.clock).toBe("timestamps");
      expect(validation).toMatch(/^wasm, within /);
    }
    const folder = await mkdtemp(join(tmpdir(), "constella-bench-"));
    const slower = {
      ...run,
      rows: run.rows.map((row) => ({ ...row, timing: { ...row.timing!, ms: 3 * row.timing!.ms } })),
    };
    await writeFile(join(folder, "slower.json"), JSON.stringify(slower));
    await writeFile(join(folder, "other.json"), "{}");
    await page.setInputFiles("#after", join(folder, "other.json"));
    await page.waitForSelector("#diff-error:not([hidden])");
    await page.setInputFiles("#after", join(folder, "slower.json"));
    await page.waitForSelector("#diff table");
    expect(await page.locator("#diff td.slower").count()).toBe(run.rows.length);
    expect(await page.textContent("#diff td.slower")).toBe("3.00× slower");
    await picture(page, "bench-dark");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await rm(folder, { recursive: true });
    await page.context().close();
  });

  test("sizes that are none are said, and the page fits a phone", async () => {
    const { page, problems } = await open({ phone: true });
    await choose(page, ["Adam"]);
    await page.fill('[aria-label="Sizes of Adam"]', "n many");
    await page.click("#start");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toBe("Adam: sizes are whole numbers for n, “n many”");
    await page.fill('[aria-label="Sizes of Adam"]', "n 1000");
    await measure(page);
    await picture(page, "bench-phone");
    expect(await labelProblems(page)).toEqual([]);
    expect(await contrastProblems(page)).toEqual([]);
    expect(problems).toEqual([]);
    await page.context().close();
  });
});
