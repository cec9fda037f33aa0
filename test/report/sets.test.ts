import { expect, test } from "vitest";
import { drawingDocument, setPanels } from "../../src/report";
import type { ReportedSet } from "../../src/report";

const SET: ReportedSet = {
  ...{ name: "Set <1>", counts: [0.1, 0.7, 0.2], k: 2, truth: [0, 0, 1, 1] },
  labels: [
    [0, 0, 0, 0],
    [0, 0, 1, 1],
    [0, 2, 1, 1],
  ],
  measures: [{ NMI: 0 }, { NMI: 1 }, { NMI: 0.8 }],
};

test("a set of points: P(k), a chart for the truth and every k, a table", async () => {
  const page = await drawingDocument();
  const { text } = setPanels(page, { ...SET, xy: [0, 0, 0, 1, 5, 5, 5, 6] });
  expect(text).toContain("Set &lt;1&gt;");
  expect(text.match(/<svg/g)).toHaveLength(5);
  expect(text.match(/<circle/g)).toHaveLength(16);
  expect(text).toContain("P(1) = 0.100, P(2) = 0.700, P(3) = 0.200");
  expect(text).toContain("2 (found) (true)");
  expect(text).not.toContain("Forward dropout");
});

test("a set of pictures: strips by cluster; forward dropout", async () => {
  const page = await drawingDocument();
  const images = { data: Uint8Array.from({ length: 16 }, (_, i) => 16 * i), height: 2, width: 2, channels: 1 } as const;
  const { text } = setPanels(page, { ...SET, images, dropout: { runs: 10, histograms: [1, 0, 0.5, 0.5, 0, 1] } });
  expect(text.match(/<img/g)).toHaveLength(12);
  expect(text).toContain("item 3, true cluster 2");
  expect(text).toContain("Values of P(k) in 10 runs with dropout");
});

test.each([
  [{ labels: SET.labels.slice(1) }, "labels must be given for each k, got 2 for 3"],
  [{ k: 4 }, "k must be from 1 to 3, got 4"],
  [{ truth: [0] }, "truth must have 4 labels, got 1"],
  [{ xy: [0] }, "xy must have 8 values, got 1"],
  [{ dropout: { runs: 1, histograms: [1] } }, "histograms must be 3 rows, got 1 values"],
])("arrays that do not fit: %j", async (change, message) => {
  const page = await drawingDocument();
  expect(() => setPanels(page, { ...SET, ...change })).toThrow(`setPanels: ${message}`);
});
