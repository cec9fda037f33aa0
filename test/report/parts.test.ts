import { describe, expect, test } from "vitest";
import { formatCount, formatDuration, formatShare, formatTick, formatValue } from "../../src/report/page/format";
import { escapeHtml, html, trusted } from "../../src/report/page/markup";
import { clusterColour, PALETTE } from "../../src/report/charts/palette";
import { largest, sampleRows } from "../../src/report/sections/sample";

describe("markup", () => {
  test("interpolations are escaped, markup is not, nothing is nothing", () => {
    const name = `<script>alert("x")</script> & 'y'`;
    expect(html`<b title="${name}">${name}${null}${undefined}${false}${0}</b>`.text).toBe(
      `<b title="${escapeHtml(name)}">${escapeHtml(name)}0</b>`,
    );
    expect(escapeHtml(name)).not.toMatch(/[<>"']/);
    expect(html`${[html`<i>1</i>`, "<2>", trusted("<u>")]}`.text).toBe("<i>1</i>&lt;2&gt;<u>");
    expect(escapeHtml("a\u0000b\u001bc\u0085d\tä")).toBe("a\ufffdb\ufffdc\ufffdd\tä");
  });

  test("indentation of the template goes, that of its contents stays", () => {
    expect(
      html`<pre>
        ${"a\n    b"}
      </pre>`.text,
    ).toBe("<pre>\na\n    b\n</pre>");
  });
});

test("numbers read as people write them", () => {
  expect([0, 999, 1000, 70000, 4000000, -1234].map(formatCount)).toEqual(
    ["0", "999", "1,000", "70,000", "4,000,000", "\u22121,234"], // prettier-ignore
  );
  expect([0, 0.84344, -0.25, 12.5, 123.45, 58856.4, NaN, Infinity].map((value) => formatValue(value))).toEqual(
    ["0.000", "0.843", "\u22120.250", "12.500", "123.5", "58,856", "\u2013", "\u221e"], // prettier-ignore
  );
  expect(formatValue(1.5e-7)).toBe("1.50\u00a0×\u00a010^\u22127");
  expect([0.9721, 1, 0, NaN].map(formatShare)).toEqual(["97.2\u00a0%", "100\u00a0%", "0\u00a0%", "\u2013"]);
  expect([0.9999, 0.0001].map(formatShare)).toEqual(["99.9\u00a0%", "<\u00a00.1\u00a0%"]); // not all, not none
  expect([0.42, 42, 133, 59.9, 3840, NaN].map(formatDuration)).toEqual(
    ["0.42\u00a0s", "42\u00a0s", "2\u00a0min\u00a013\u00a0s", "1\u00a0min\u00a000\u00a0s", "1\u00a0h\u00a004\u00a0min", "\u2013"], // prettier-ignore
  );
  expect([0, 0.05, 2500, 40000, 3e6, 1e-5, -0.5].map(formatTick)).toEqual(
    ["0", "0.05", "2,500", "40k", "3M", "1e\u22125", "\u22120.5"], // prettier-ignore
  );
});

describe("samples", () => {
  test("are ascending, without repeats, of the size asked, the same for a seed", () => {
    const rows = sampleRows(10_000, 300, 5);
    expect(rows.length).toBe(300);
    expect([...rows]).toEqual([...new Set(rows)].sort((a, b) => a - b));
    expect(rows[299]).toBeLessThan(10_000);
    expect(sampleRows(10_000, 300, 5)).toEqual(rows);
    expect(sampleRows(10_000, 300, 6)).not.toEqual(rows);
    expect([...sampleRows(3, 10, 1)]).toEqual([0, 1, 2]);
  });

  test("take each row equally often", () => {
    const counts = new Float64Array(10);
    for (let seed = 0; seed < 2000; seed++) for (const row of sampleRows(10, 3, seed * 7919)) counts[row]!++;
    for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(100); // five standard deviations
  });

  test("largest keeps the best in order, ties by row, and no NaN", () => {
    const scores = [3, NaN, 5, 3, 9, 5];
    expect(largest(scores.keys(), (row) => scores[row]!, 4)).toEqual([4, 2, 5, 0]);
    expect(largest(scores.keys(), (row) => scores[row]!, 99)).toEqual([4, 2, 5, 0, 3]);
  });
});

describe("palette", () => {
  const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const rgb = (hex: string) => [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255));
  const oklab = ([r, g, b]: number[]) => {
    const l = Math.cbrt(0.4122214708 * r! + 0.5363325363 * g! + 0.0514459929 * b!);
    const m = Math.cbrt(0.2119034982 * r! + 0.6806995451 * g! + 0.1073969566 * b!);
    const s = Math.cbrt(0.0883024619 * r! + 0.2817188376 * g! + 0.6299787005 * b!);
    return [
      0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ];
  };
  // Machado, Oliveira and Fernandes 2009, severity 1
  const visions = {
    normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
    deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  };
  for (const [vision, matrix] of Object.entries(visions))
    test(`the first ten colours differ to ${vision} eyes`, () => {
      const seen = PALETTE.slice(0, 10).map((hex) => {
        const [r, g, b] = rgb(hex) as [number, number, number];
        const channel = (row: number) =>
          Math.min(1, Math.max(0, matrix[row]! * r + matrix[row + 1]! * g + matrix[row + 2]! * b));
        return oklab([channel(0), channel(3), channel(6)]);
      });
      for (let i = 0; i < seen.length; i++)
        for (let j = 0; j < i; j++)
          expect(Math.hypot(...seen[i]!.map((value, axis) => value - seen[j]![axis]!))).toBeGreaterThan(0.07);
    });

  test("24 different colours, then the same again; noise is none of them", () => {
    expect(new Set(PALETTE).size).toBe(24);
    expect(clusterColour(24)).toBe(PALETTE[0]);
    expect(PALETTE).not.toContain(clusterColour(-1));
  });
});
