// node scripts/run.mjs test/metrics/write-dip-quantiles.ts: simulates the table of src/metrics/dip-quantiles.ts, in some minutes.
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { uniformDips } from "../../src/metrics/dip";
import { stream } from "../../src/random";

const REPLICATES = 20_000;
const SIZES = [4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 75, 100, 150, 200, 350, 500, 1000, 2000, 5000, 10000, 20000];
const LEVELS = [
  ...[0, 0.01, 0.02, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995],
  ...[0.999, 1],
];

/** The quantiles of √n times the dip of n uniform numbers. */
function quantiles(n: number): number[] {
  const dips = Float64Array.from(uniformDips(n, REPLICATES, stream(0, "dipQuantiles", n))).sort();
  return LEVELS.map((level) => Number((Math.sqrt(n) * dips[Math.round(level * (REPLICATES - 1))]!).toPrecision(5)));
}

const rows = SIZES.map((n) => `  [${[n, ...quantiles(n)].join(", ")}],`).join("\n");
const source = `// Written by test/metrics/write-dip-quantiles.ts: of ${REPLICATES} uniform samples of each size, quantiles of √n times the dip.

/** Shares of the samples whose dip is smaller. */
export const LEVELS = [${LEVELS.join(", ")}];

/** Sizes in ascending order, each with its quantiles at those levels. */
export const QUANTILES: readonly (readonly number[])[] = [
${rows}
];
`;
writeFileSync("src/metrics/dip-quantiles.ts", await format(source, { parser: "typescript", printWidth: 120 }));
