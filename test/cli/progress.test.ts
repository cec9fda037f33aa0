import { afterEach, expect, test, vi } from "vitest";
import { KMeans } from "constella";
import { ProgressDisplay, stepProgress } from "../../src/cli/progress";
import { watchedRows } from "../../src/cli/streams/watched";
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

test("a pass over rows is a stage of its own, or part of the step that waits for it", async () => {
  const written: string[] = [];
  let time = 0;
  vi.spyOn(performance, "now").mockImplementation(() => time);
  const display = new ProgressDisplay({ write: (text: string) => written.push(text.trimEnd()) });
  const [length, block] = [100, 25];
  const source = watchedRows(
    {
      ...{ length, rowShape: [1] },
      rows: async () => new Float32Array(1),
      range: async (begin, end) => {
        time += 6000;
        return new Float32Array(end - begin);
      },
    },
    (done, total) => display.reading(done, total),
  );
  const pass = async (): Promise<void> => {
    for (let begin = 0; begin < length; begin += block) await source.range(begin, begin + block);
  };
  await pass();
  expect(written.splice(0)).toEqual([
    "reading           50 %  0:12 left",
    "reading           75 %  0:06 left",
    "reading          100 %  0:18",
  ]);
  display.update(stepProgress(report(1)));
  await source.rows([3]);
  await pass();
  display.update(stepProgress(report(2)));
  display.stop();
  expect(written).toEqual([
    "stage              5 %  reading 25 %",
    "stage              5 %  reading 50 %, 0:12 left",
    "stage              5 %  reading 75 %, 0:06 left",
    "stage              5 %  reading 100 %",
    "stage             10 %  7:12 left",
  ]);
});
