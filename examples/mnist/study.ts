import type { StageResult } from "constella/methods";
import { formatSpread, spread } from "../spread";

const MEASURES = ["ACC", "NMI", "ARI"] as const;

/** A run of every stage with one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly stages: readonly StageResult[];
}

/** One row a stage, in columns of equal width. */
export function stageTable(stages: readonly StageResult[]): string {
  const rows = stages.map(({ name, measures, seconds }) => [
    name,
    ...MEASURES.map((measure) => measures[measure]!.toFixed(4)),
    seconds.toFixed(1),
  ]);
  return [["", ...MEASURES, "seconds"], ...rows]
    .map(([name, ...cells]) => name!.padEnd(24) + cells.map((cell) => cell.padStart(9)).join(""))
    .join("\n");
}

/** A Markdown table of several seeds: mean ± standard deviation of each stage. */
export function studyTable(results: readonly SeedResult[]): string {
  const names = results[0]!.stages.map(({ name }) => name);
  const rows = names.map((name) => {
    const stages = results.map((result) => result.stages.find((stage) => stage.name === name)!);
    const measures = MEASURES.map((measure) =>
      formatSpread(spread(stages.map((stage) => stage.measures[measure]!)), 4),
    );
    const seconds = formatSpread(spread(stages.map((stage) => stage.seconds)), 0);
    return `| ${[name, ...measures, seconds].join(" | ")} |`;
  });
  return [`| | ${MEASURES.join(" | ")} | seconds |`, "|---|---|---|---|---|", ...rows].join("\n");
}
