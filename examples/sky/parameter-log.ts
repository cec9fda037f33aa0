// The parameter log of the study that this comes from: its experiments with a hosted evolving map, failed, ended and still running after weeks, run again.
import { join } from "node:path";
import { NdArray } from "constella";
import type { Device } from "constella";
import { pixelItems } from "constella/astronomy";
import { ESOM } from "constella/som";
import { galaxyOf } from "./galaxy";

/** What a row of the map was made of. */
type Data = "cube" | "band" | "normalised cube" | "numbers of the normalised cube";

/** An experiment, and what became of it. */
export interface Experiment {
  readonly data: Data;
  readonly epsilon: number;
  readonly gamma: number;
  readonly there: "failed" | "ran on" | "ended";
}

const FAILED_EPSILONS = [10, 1, 0.7, 0.5, 0.1, 0.01, 0.001, 1e-5];

/** The log: the weakest link went after 50 rows everywhere; γ is told of the cubes that were cut out, and 0.2 where it is not. */
export const EXPERIMENTS: readonly Experiment[] = [
  ...FAILED_EPSILONS.map((epsilon) => ({ data: "cube", epsilon, gamma: 0.2, there: "failed" }) as const),
  { data: "cube", epsilon: 1e-4, gamma: 0.2, there: "ran on" },
  { data: "band", epsilon: 0.1, gamma: 0.2, there: "failed" },
  { data: "band", epsilon: 0.001, gamma: 0.2, there: "failed" },
  { data: "band", epsilon: 1e-4, gamma: 0.2, there: "ran on" },
  ...(
    [
      [1e-4, 0.5],
      [0.1, 0.5],
      [0.001, 0.99],
    ] as const
  ).flatMap(([epsilon, gamma]) => [
    { data: "normalised cube", epsilon, gamma, there: "ended" } as const,
    { data: "numbers of the normalised cube", epsilon, gamma, there: "ended" } as const,
    { data: "cube", epsilon, gamma, there: "ran on" } as const,
  ]),
];

/** What an experiment does here. */
export interface Outcome extends Experiment {
  readonly rows: number;
  readonly nodes: number;
  readonly clusters: number;
  /** Mean distance of a row to its node, over that of rows to their mean. */
  readonly error: number;
  readonly seconds: number;
}

/** Runs the log on a simulated galaxy of so many pixels a side, each with at most 1,000 nodes. */
export async function parameterLog(size: number, seed: number, out: string, device: Device): Promise<Outcome[]> {
  const { unprepared, prepared } = await galaxyOf(seed, size, join(out, `galaxy-${seed}`), device);
  const [plain, normalised] = [pixelItems(unprepared.cube).x, pixelItems(prepared.cube).x];
  const [n, bands] = plain.shape as [number, number];
  const rowsOf: Readonly<Record<Data, NdArray<Float32Array>>> = {
    cube: plain,
    band: new NdArray(
      Float32Array.from({ length: n }, (_, i) => plain.data[(i + 1) * bands - 1]!),
      [n, 1],
    ),
    "normalised cube": normalised,
    "numbers of the normalised cube": new NdArray(normalised.data, [normalised.data.length, 1]),
  };
  const outcomes: Outcome[] = [];
  for (const experiment of EXPERIMENTS) {
    const { data, epsilon, gamma, there } = experiment;
    const x = rowsOf[data];
    const before = performance.now();
    const esom = await new ESOM({ epsilon, gamma, pruneEvery: 50, seed }).fit(x);
    const seconds = (performance.now() - before) / 1000;
    const clusters = esom.nodeLabels.reduce((most, label) => Math.max(most, label), -1) + 1;
    const outcome = {
      rows: x.shape[0]!,
      nodes: esom.map.size,
      clusters,
      error: esom.quantizationError / spreadOf(x),
      seconds,
    };
    outcomes.push({ ...experiment, ...outcome });
    console.log(
      `${data}, epsilon ${epsilon}, gamma ${gamma}: ${there} there; here ${outcome.nodes} nodes in ${seconds.toFixed(1)} s`,
    );
    esom.dispose();
  }
  return outcomes;
}

/** Mean distance of rows to their mean. */
function spreadOf({ data, shape }: NdArray<Float32Array>): number {
  const [n, d] = shape as [number, number];
  const mean = new Float64Array(d);
  for (let at = 0; at < data.length; at++) mean[at % d]! += data[at]! / n;
  let sum = 0;
  for (let at = 0; at < data.length; at += d) {
    let square = 0;
    for (let c = 0; c < d; c++) square += (data[at + c]! - mean[c]!) ** 2;
    sum += Math.sqrt(square);
  }
  return sum / n;
}

/** The outcomes as Markdown. */
export function logTable(outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(
    ({ data, epsilon, gamma, there, nodes, clusters, error, seconds }) =>
      `| ${data} | ${epsilon} | ${gamma} | ${there} | ${nodes} | ${clusters} | ${(100 * error).toPrecision(2)} % | ${seconds.toFixed(1)} |`,
  );
  return [
    "| rows | ε | γ | there | nodes | clusters | error | s |",
    "|---|---:|---:|---|---:|---:|---:|---:|",
    ...lines,
  ].join("\n");
}
