import { afterEach, expect, test, vi } from "vitest";
import { KMeans } from "constella";
import { ProgressDisplay, stepProgress } from "../../src/cli/progress";
import type { StepReport } from "../../src/lifecycle/progress";

afterEach(() => void vi.restoreAllMocks());

/** The lines of reports that come a second after each other, one line for each. */
function lines(reports: readonly StepReport[]): string[] {
  const written: string[] = [];
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => time);
  const display = new ProgressDisplay({ write: (text: string) => written.push(text.trimEnd()) });
  for (const report of reports) {
    display.update(stepProgress(report));
    time += 6000;
  }
  display.stop();
  return written;
}

const report = (step: number, more: Partial<StepReport> = {}): StepReport => ({
  ...{ stage: "stage", epoch: 1, epochs: 2, step, steps: 10, loss: NaN },
  ...more,
});

test("the time left is that of the steps that are to come, from those that were seen", () => {
  expect(lines([4, 5, 6].map((step) => report(step)))).toEqual([
    "stage             25 %  1:30 left",
    "stage             30 %  1:24 left",
  ]);
  expect(lines([report(1, { epoch: 2 }), report(10, { epoch: 2 })])).toEqual(["stage            100 %  0:06"]);
});

test("of training that may end before, it is the most that may be left", () => {
  expect(lines([4, 5].map((step) => report(step, { mayEnd: true })))).toEqual([
    "stage             25 %  at most 1:30 left",
  ]);
});

test("k-means says that it may", async () => {
  const seen: StepReport[] = [];
  const x = Array.from({ length: 20 }, (_, i) => [i % 2, i]);
  await new KMeans({ nClusters: 2 }).fit(x, { onStep: (step) => seen.push(step) });
  expect(new Set(seen.map(({ mayEnd }) => mayEnd))).toEqual(new Set([true]));
});
