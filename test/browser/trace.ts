// How long tasks hold a page's own thread, by Chromium's own trace.
import type { Browser, Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** An event of Chromium's. */
export interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Of the thread's own time. */
  readonly tdur?: number;
}

/** The longest task of the page's thread between two marks, in ms, for each pair of such marks. */
export function longestTasks(trace: readonly TraceEvent[], from: string, to: string): number[] {
  const marks = (name: string): readonly TraceEvent[] =>
    trace.filter((event) => event.cat.includes("user_timing") && event.name === name);
  const { pid, tid } = marks(from)[0]!;
  // a task is as long as its thread was at work: the clock of a machine that others share shows their work too
  const tasks = trace
    .filter((event) => event.pid === pid && event.tid === tid && event.name.includes("RunTask"))
    .map(({ ts, dur = 0, tdur = dur }) => ({ ts, end: ts + dur, ms: Math.min(dur, tdur) / 1000 }));
  return marks(from).map(({ ts: begin }, i) => {
    const end = marks(to)[i]!.ts;
    return tasks.reduce((most, task) => (task.end > begin && task.ts < end ? Math.max(most, task.ms) : most), 0);
  });
}

/** The one in the middle. */
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** What Chromium traces of a page while something is done with it. */
export async function traceOf(browser: Browser, page: Page, act: () => Promise<void>): Promise<readonly TraceEvent[]> {
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await act();
  return (JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] }).traceEvents;
}

/** What is done to a picture of many items, by name. */
export type Acts = Readonly<Record<string, () => Promise<unknown>>>;

/** Looking closer, pointing, and selecting all by a lasso, on a canvas that is in view. */
export async function looking(page: Page, canvas: Locator, margin: number): Promise<Acts> {
  const box = (await canvas.boundingBox())!;
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  const [low, high] = [margin, 1 - margin];
  return {
    zoom: async () => {
      await canvas.focus();
      for (const key of ["+", "+", "ArrowLeft", "-", "0"]) await page.keyboard.press(key);
    },
    point: async () => {
      for (let i = 0; i < 20; i++) await page.mouse.move(...at(0.3 + 0.02 * i, 0.4));
    },
    select: async () => {
      await page.keyboard.down("Shift");
      await page.mouse.move(...at(low, low));
      await page.mouse.down();
      for (const corner of [at(high, low), at(high, high), at(low, high)]) await page.mouse.move(...corner);
      await page.mouse.up();
      await page.keyboard.up("Shift");
    },
  };
}

/** Three rounds of acts, of none of which the pieces may hold the page's own thread for a frame. */
export async function expectFrames(browser: Browser, page: Page, acts: Acts): Promise<void> {
  const mark = (name: string): Promise<void> => page.evaluate((text) => void performance.mark(text), name);
  const trace = await traceOf(browser, page, async () => {
    for (let round = 0; round < 3; round++)
      for (const [name, act] of Object.entries(acts)) {
        await mark(name);
        await act();
        await page.waitForTimeout(400); // the pieces of its picture
        await mark(`${name}, done`);
      }
  });
  const held = Object.fromEntries(Object.keys(acts).map((name) => [name, longestTasks(trace, name, `${name}, done`)]));
  console.table(held);
  // first compilations and the engine's sweeps of garbage come and go
  for (const tasks of Object.values(held)) expect(Math.min(...tasks)).toBeLessThan(16);
  for (const tasks of Object.values(held)) expect(median(tasks)).toBeLessThan(50);
}
