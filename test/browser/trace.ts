// How long tasks hold a page's own thread, by Chromium's own trace.
import type { Browser, Page } from "playwright-core";

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
