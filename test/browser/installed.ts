// The installed package in pages of Chromium, unbundled: isolated or not, under policies, and how long it holds the page's own thread.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISOLATED, launchChromium, serve } from "../../scripts/runtimes/browser.mjs";
import { longestTasks, median, traceOf, type TraceEvent } from "./trace";

/** A page of its own script, which takes its options from the address; `result` is a promise of what it finds, or of an error. */
const PAGE = `<!doctype html><html lang="en"><title>constella</title><script type="module" src="page.js"></script>`;
const SCRIPT = `
import { DEC, defineKernel, empty, KMeans, PCA, requestDevice, run, tensor } from "./node_modules/constella/dist/index.js";
const later = setTimeout;
const { type, workerUrl, threads, timers, layers, ...numbers } = Object.fromEntries(new URL(location).searchParams);
const [trainings, epochs, n, updateInterval] = ["trainings", "epochs", "rows", "updateInterval"].map((name) => Number(numbers[name]));
const sizes = layers.split(",").map(Number);
const d = sizes[0];
const x = { data: Float32Array.from({ length: n * d }, (_, i) => Math.sin((1 + (Math.floor(i / d) % 4)) * (i % d)) + 0.1 * Math.sin(13 * i)), shape: [n, d] };
const agrees = (labels) => new Set(labels).size === 4 && labels.every((label, i) => label === labels[i % 4]);
const turn = () => new Promise((resolve) => later(resolve));
if (timers === "never") for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) globalThis[name] = () => 0;
async function main() {
  await turn();
  performance.mark("request");
  const device = await requestDevice(type, { ...(workerUrl && { workerUrl }), ...(threads && { threads: Number(threads) }) });
  await turn();
  performance.mark("requested");
  let kmeans, dec;
  for (let i = 0; i < trainings; i++) {
    await turn();
    performance.mark("prepare");
    kmeans = await new KMeans({ nClusters: 4, nInit: 2, seed: 1, device }).fit(x);
    let steps = 0;
    dec = new DEC({ layers: sizes, nClusters: 4, layerEpochs: 0, pretrainEpochs: epochs, nInit: 2, batchSize: 256, pretrainBatchSize: 256, updateInterval, tolerance: 0, seed: i, device });
    await dec.fit(x, { epochs, onStep: () => steps++ || performance.mark("train") });
    await turn();
    performance.mark("trained");
  }
  return {
    isolated: crossOriginIsolated,
    description: device.description,
    agree: kmeans ? [agrees(kmeans.labels), agrees(dec.labels)] : [],
    losses: (dec?.history ?? []).map(({ loss }) => loss),
  };
}
globalThis.components = async (type, n, d, nComponents) => {
  const x = { data: Float32Array.from({ length: n * d }, (_, i) => Math.sin(0.7 * i * i)), shape: [n, d] };
  const device = await requestDevice(type);
  for (let i = 0; i < 3; i++) {
    await turn();
    performance.mark("fit");
    const pca = await new PCA({ nComponents, device }).fit(x);
    await turn();
    performance.mark("fitted");
    const scores = await pca.transform(x);
    await turn();
    performance.mark("scored");
    if (scores.shape.join() !== [n, nComponents].join()) throw new Error("scores of shape " + scores.shape);
  }
};
globalThis.ownKernel = async (threads) => {
  const device = await requestDevice("wasm", threads);
  const twice = defineKernel({
    name: "twice",
    wgsl: "fn main() {}",
    bindings: { x: "read", y: "read_write" },
    params: { n: "u32" },
    grid: () => [1, 1, 1],
    rows: ({ n }) => n,
    cpu: (x, y, n, begin, end) => { for (let i = begin; i < end; i++) y[i] = 2 * x[i]; },
  });
  const [x, y] = [tensor(device, [1, 2]), empty(device, [2])];
  run(twice, { x, y, n: 2 });
  await device.synchronize();
  await turn(); // the message may come after the fence
  return [...await y.data()];
};
globalThis.result = main().catch((error) => ({ error: error.message }));
`;

interface Result {
  readonly isolated: boolean;
  readonly description: string;
  readonly agree: readonly boolean[];
  readonly losses: readonly number[];
  readonly error?: string;
}

const resultOf = (page: Page): Promise<Result> =>
  page.evaluate(() => (globalThis as unknown as { result: Promise<Result> }).result);

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src";

/** Describes the package that is installed in a folder. */
export function describeInChromium(folder: () => string): void {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
    await writeFile(join(folder(), "page.html"), PAGE);
    await writeFile(join(folder(), "page.js"), SCRIPT);
  });
  afterAll(() => browser?.close());

  async function open(
    headers: Record<string, string>,
    query: Record<string, string>,
    look: (page: Page, url: string) => Promise<unknown> = async (page, url) => page.goto(url),
  ): Promise<{ result: Result; problems: string[] }> {
    const server = await serve(folder(), headers);
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) problems.push(message.text());
    });
    try {
      const defaults = {
        type: "wasm",
        trainings: "1",
        rows: "1024",
        layers: "32,64,4",
        epochs: "4",
        updateInterval: "20",
      };
      await look(page, `${server.url}page.html?${new URLSearchParams({ ...defaults, ...query }).toString()}`);
      return { result: await resultOf(page), problems };
    } finally {
      await page.close();
      server.close();
    }
  }

  describe("the installed package in Chromium, from a module script without a bundler", () => {
    const blobs = { "Content-Security-Policy": `${POLICY} blob:` };
    const files = { "Content-Security-Policy": `${POLICY} 'self'` };
    const workerUrl = "node_modules/constella/dist/thread.js";
    test.each([
      ["not isolated", {}, {}],
      ["isolated", ISOLATED, {}],
      ["not isolated, blob: workers by the policy", blobs, {}],
      ["isolated, blob: workers by the policy", { ...ISOLATED, ...blobs }, {}],
      ["not isolated, the page's own workers by the policy", files, { workerUrl }],
      ["isolated, the page's own workers by the policy", { ...ISOLATED, ...files }, { workerUrl }],
    ])("k-means and DEC find what is there: %s", async (name, headers, query) => {
      const { result, problems } = await open(headers, query);
      expect(result.error).toBeUndefined();
      const isolated = !name.startsWith("not");
      expect(result.isolated).toBe(isolated);
      expect(result.description).toMatch(isolated ? /, \d+ threads?$/ : /, 1 thread without shared memory$/);
      expect(result.agree).toEqual([true, true]);
      expect(result.losses.every(Number.isFinite)).toBe(true);
      expect(problems).toEqual([]);
    });

    test.each([
      ["not isolated", {}],
      ["isolated", ISOLATED],
    ])(
      "a kernel in JavaScript that a policy forbids on threads is told, and runs on the calling thread: %s",
      async (_, headers) => {
        const ownKernel = (page: Page, options: object): Promise<string> =>
          page.evaluate(
            (given) =>
              (globalThis as unknown as { ownKernel: (options: object) => Promise<number[]> })
                .ownKernel(given)
                .then(String, (error: Error) => error.message),
            options,
          );
        let [threads, calling] = ["", ""];
        await open({ ...headers, ...blobs }, {}, async (page, url) => {
          await page.goto(url);
          [threads, calling] = [await ownKernel(page, {}), await ownKernel(page, { threads: 0 })];
        });
        expect(threads).toBe(
          "wasm: kernel twice failed, the page's policy forbids kernels in JavaScript on threads; give requestDevice { threads: 0 }",
        );
        expect(calling).toBe("2,4");
      },
    );

    /**
     * The longest tasks of the page's own thread while a device is requested, in three pages; for each of three trainings, from when the data are handed
     * over, first to k-means, and the weights are drawn, to the first steps; and while the model trains.
     */
    async function held(
      name: string,
      headers: Record<string, string>,
      query: Record<string, string>,
    ): Promise<Record<"request" | "prepare" | "train", number[]>> {
      const trace = await traced(headers, { trainings: "3", ...query });
      const requests = [trace];
      while (requests.length < 3) requests.push(await traced(headers, { ...query, trainings: "0" }));
      const stretches = {
        request: requests.flatMap((of) => longestTasks(of, "request", "requested")),
        prepare: longestTasks(trace, "prepare", "train"),
        train: longestTasks(trace, "train", "trained"),
      };
      tell(name, stretches);
      return stretches;
    }
    function tell(name: string, stretches: Readonly<Record<string, number[]>>): void {
      const show = (tasks: number[]): string => tasks.map((ms) => `${ms.toFixed(1)} ms`).join(", ");
      table[name] = Object.fromEntries(Object.entries(stretches).map(([stage, tasks]) => [stage, show(tasks)]));
    }
    async function traced(
      headers: Record<string, string>,
      query: Record<string, string>,
      then?: (page: Page) => Promise<void>,
    ): Promise<readonly TraceEvent[]> {
      let trace: readonly TraceEvent[] = [];
      const { result } = await open(headers, query, async (page, url) => {
        trace = await traceOf(browser, page, async () => {
          await page.goto(url);
          await resultOf(page);
          await then?.(page);
        });
      });
      expect(result.error).toBeUndefined();
      return trace;
    }
    const table: Record<string, Record<string, string>> = {};
    afterAll(() => console.table(table));
    // 3.3 million weights are drawn; below, PCA is handed over ten times the data
    const large = { rows: "512", layers: "784,500,500,2000,10", epochs: "1" };

    test.each([
      ["wasm, not isolated", {}, large],
      ["wasm, isolated", ISOLATED, large],
      ["webgpu", {}, { type: "webgpu", rows: "256", layers: "64,32,4", epochs: "1" }],
    ])("a model trains without holding the page's thread for 16 ms: %s", async (name, headers, query) => {
      const { request, prepare, train } = await held(name, headers, query);
      // what the library does it does each time; first compilations and the engine's sweeps of garbage, a tenth of a second long, come and go
      for (const tasks of [request, prepare, train]) expect(Math.min(...tasks)).toBeLessThan(16);
      for (const tasks of [request, train]) expect(median(tasks)).toBeLessThan(50); // a long task, as browsers call it
    });

    test.each([
      ["32 × 12288, wasm, not isolated", {}, ["wasm", 32, 12_288, 32]],
      ["32 × 12288, wasm, isolated", ISOLATED, ["wasm", 32, 12_288, 32]],
      ["20 × 4000, wasm, isolated", ISOLATED, ["wasm", 20, 4000, 20]],
      ["7000 × 784, wasm, isolated", ISOLATED, ["wasm", 7000, 784, 50]],
      ["32 × 4000, webgpu", {}, ["webgpu", 32, 4000, 32]],
    ] as const)("principal components do not hold the page's thread for 16 ms: %s", async (name, headers, problem) => {
      const trace = await traced(headers, { trainings: "0" }, (page) =>
        page.evaluate(
          (given) =>
            (globalThis as unknown as { components: (...given: readonly unknown[]) => Promise<void> }).components(
              ...given,
            ),
          problem,
        ),
      );
      const stretches = { fit: longestTasks(trace, "fit", "fitted"), scores: longestTasks(trace, "fitted", "scored") };
      tell(`PCA, ${name}`, stretches);
      for (const tasks of Object.values(stretches)) expect(Math.min(...tasks)).toBeLessThan(16);
    });

    test("on the calling thread a step holds it as long as it takes", async () => {
      const { train } = await held("wasm, on the calling thread", {}, { ...large, threads: "0", trainings: "1" });
      expect(Math.min(...train)).toBeGreaterThan(16);
    });

    // headless pages are never hidden; a hidden one gets its timers late and no frames at all
    test.each([
      ["wasm, not isolated", {}],
      ["wasm, isolated", ISOLATED],
      ["webgpu", {}],
    ])("a model trains in a tab in the background, without timers and frames: %s", async (name, headers) => {
      const { result } = await open(headers, { type: name.split(",")[0]!, timers: "never", epochs: "3" });
      expect(result.error).toBeUndefined();
      expect(result.agree).toEqual([true, true]);
    });

    test.each([
      ["not isolated", {}],
      ["isolated", ISOLATED],
    ])("a policy that forbids its workers is told, with what to do: %s", async (_, headers) => {
      const { result } = await open({ ...headers, ...files }, {});
      expect(result.error).toMatch(
        /^wasm: a worker thread ended, its script was not loaded; where the page's policy forbids blob: workers, give requestDevice the workerUrl/,
      );
    });
  });
}
