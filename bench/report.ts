import { best, median, ratio, type Outcome } from "./harness";
import type { Roof, RoofFigures } from "./roofs/roof";
import { figure, percent, times, type Table } from "./table";
import type { AnyWorkload } from "./workload";

/** The roofs that were measured; a text says why one could not be. */
export type Roofs = Partial<Record<Roof, RoofFigures | string>>;

/** The measured limits of the devices. */
export function roofTable(roofs: Roofs): Table {
  const entries = Object.entries(roofs);
  const rows = entries.flatMap(([name, roof]) =>
    typeof roof === "string" ? [] : [[`${name} (${roof.description})`, figure(roof.gflops), figure(roof.gbytes)]],
  );
  const notes = entries.flatMap(([name, roof]) => (typeof roof === "string" ? [`${name}: ${roof}`] : []));
  return { title: "Roofs, best of many", columns: ["device", "GFLOP/s", "copy GB/s"], rows, notes };
}

/** One workload's contenders beside each other, fastest median first; what failed is named with its reason. */
export function outcomeTable(
  workload: Pick<AnyWorkload, "title" | "flops" | "bytes">,
  contenders: AnyWorkload["contenders"],
  outcomes: readonly Outcome[],
  roofs: Roofs,
): Table {
  const rate = workload.flops > 0 ? "GFLOP/s" : "GB/s";
  const work = (workload.flops > 0 ? workload.flops : workload.bytes) / 1e6;
  const peers = outcomes.filter((_, i) => contenders[i]!.kind === "peer").map((outcome) => outcome.times);
  const entries = outcomes.map((outcome, i) => ({ outcome, contender: contenders[i]! }));
  const timed = entries.filter(({ outcome }) => outcome.times.length > 0);
  timed.sort((a, b) => median(a.outcome.times) - median(b.outcome.times));
  const rows = timed.map(({ outcome, contender }) => {
    const roof = contender.roof && roofs[contender.roof];
    const limit = typeof roof === "object" ? (workload.flops > 0 ? roof.gflops : roof.gbytes) : NaN;
    const speedup = ratio(outcome.times, peers);
    const { target } = contender;
    return [
      outcome.name,
      figure(median(outcome.times)),
      figure(best(outcome.times)),
      String(outcome.times.length),
      figure(work / median(outcome.times)),
      percent(work / best(outcome.times) / limit),
      times(speedup),
      target === undefined || Number.isNaN(speedup) ? "" : `${speedup >= target ? "≥" : "misses"} ${target}×`,
    ];
  });
  const notes = entries.flatMap(({ outcome: { name, error, validation } }) =>
    error ? [`${name}: ${error}`] : validation ? [`${name}: ${validation}`] : [],
  );
  const columns = ["contender", "median ms", "best ms", "rounds", rate, "best of roof", "vs fastest peer", "target"];
  return { title: workload.title, columns, rows, notes };
}

/** How the time of each contender grows over the sizes of one workload, as the power p of n^p between neighbouring ones; undefined where none ran at two. */
export function growthTable(
  measured: readonly { readonly workload: Pick<AnyWorkload, "size">; readonly outcomes: readonly Outcome[] }[],
): Table | undefined {
  const series = new Map<string, { of: string; name: string; points: { n: number; ms: number }[] }>();
  for (const { workload, outcomes } of measured) {
    const { size } = workload;
    for (const { name, times } of size ? outcomes : []) {
      if (times.length === 0) continue;
      const key = JSON.stringify([size!.of, name]);
      const found = series.get(key) ?? { of: size!.of, name, points: [] };
      found.points.push({ n: size!.n, ms: median(times) });
      series.set(key, found);
    }
  }
  const rows = [...series.values()]
    .filter(({ points }) => points.length > 1)
    .flatMap(({ of, name, points }) => {
      points.sort((a, b) => a.n - b.n);
      return points.slice(1).map((to, i) => {
        const from = points[i]!;
        const power = Math.log(to.ms / from.ms) / Math.log(to.n / from.n);
        return [`${of}: ${name}`, ...[from, to].flatMap(({ n, ms }) => [n.toLocaleString("en-US"), figure(ms)]), power.toFixed(2)]; // prettier-ignore
      });
    });
  const columns = ["contender", "n", "median ms", "n", "median ms", "p of n^p"];
  return rows.length > 0 ? { title: "Growth over n", columns, rows, notes: [] } : undefined;
}
