// Learning curves of the model on points: as rows of a CSV file and as a picture.
import * as Plot from "@observablehq/plot";
import type { ValidationRecord } from "constella/sets";
import { drawing, drawingDocument } from "constella/report";

/** One validation; iterations of all phases counted on. */
export interface CurvePoint {
  readonly phase: number;
  readonly iteration: number;
  readonly loss: number;
  readonly validationLoss: number;
  readonly countAccuracy: number;
  readonly NMI: number;
  readonly learningRate: number;
}

/** The validations of all phases; where the count of iterations begins anew, so does a phase. */
export function toCurve(history: readonly ValidationRecord[]): CurvePoint[] {
  let [phase, first, last] = [1, 0, 0];
  return history.map(({ iteration, loss, validationLoss, countAccuracy, NMI, learningRate }) => {
    if (iteration <= last) {
      phase++;
      first += last;
    }
    last = iteration;
    return { phase, iteration: first + iteration, loss, validationLoss, countAccuracy, NMI, learningRate };
  });
}

const COLUMNS = ["phase", "iteration", "loss", "validationLoss", "countAccuracy", "NMI", "learningRate"] as const;

export const curveToCsv = (points: readonly CurvePoint[]): string =>
  [COLUMNS.join(","), ...points.map((point) => COLUMNS.map((column) => +point[column].toPrecision(6)).join(","))].join(
    "\n",
  ) + "\n";

export function curveFromCsv(text: string): CurvePoint[] {
  const [, ...lines] = text.trim().split("\n");
  return lines.map((line) => {
    const values = line.split(",").map(Number);
    return Object.fromEntries(COLUMNS.map((column, i) => [column, values[i]!])) as unknown as CurvePoint;
  });
}

const COLOURS = ["#1088b9", "#b93000"];

/** NMI on validation sets over the iterations, one line for each training: an SVG file. */
export async function drawCurves(
  trainings: readonly { readonly name: string; readonly points: readonly CurvePoint[] }[],
): Promise<string> {
  const page = await drawingDocument();
  return drawing(page, {
    ariaLabel: `NMI on validation sets against iterations: ${trainings.map(({ name }) => name).join(", ")}`,
    width: 640,
    height: 300,
    marginRight: 150,
    x: { label: "iterations", tickFormat: "s" },
    y: { label: "NMI on validation sets", domain: [0, 1], grid: true },
    marks: [
      Plot.frame({ fill: "white", stroke: "none" }),
      Plot.ruleY([0]),
      ...trainings.flatMap(({ name, points }, i) => [
        Plot.lineY(points, { x: "iteration", y: "NMI", stroke: COLOURS[i % 2]!, strokeWidth: 1.8 }),
        Plot.text(points.slice(-1), {
          ...{ x: "iteration", y: "NMI", text: () => name, textAnchor: "start", dx: 6, fill: COLOURS[i % 2]! },
        }),
      ]),
    ],
  });
}
