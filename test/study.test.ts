// The tables of the MNIST example.
import { expect, test } from "vitest";
import { stageTable, studyTable } from "../examples/mnist/study";

const stage = (name: string, ACC: number, seconds: number) => ({
  name,
  measures: { ACC, NMI: 0.5, ARI: 0.25 },
  seconds,
});

test("the table of one run has a row a stage", () => {
  expect(stageTable([stage("k-means", 0.5, 2), stage("DEC", 0.84321, 130.04)])).toBe(
    [
      "                              ACC      NMI      ARI  seconds",
      "k-means                    0.5000   0.5000   0.2500      2.0",
      "DEC                        0.8432   0.5000   0.2500    130.0",
    ].join("\n"),
  );
});

test("the table of several seeds has means and sample deviations", () => {
  const results = [0.8, 0.9, 1].map((acc, seed) => ({ seed, stages: [stage("DEC", acc, 100 + 10 * seed)] }));
  expect(studyTable(results).split("\n").at(-1)).toBe(
    "| DEC | 0.9000 ± 0.1000 | 0.5000 ± 0.0000 | 0.2500 ± 0.0000 | 110 ± 10 |",
  );
  expect(studyTable(results.slice(0, 1)).split("\n").at(-1)).toBe("| DEC | 0.8000 | 0.5000 | 0.2500 | 100 |");
});
