// Where there is no second device: the rows of the library's own tests, references in float64 and central differences.
import type { Device } from "constella";
import { CASES } from "../../../test/ops/cases";
import { checkCase } from "../../../test/ops/check-case";
import { Recorder } from "./recorder";

/** What the tests' rows say of each kernel: how many rows launched it, and the first that failed. */
export interface RowsResult {
  rows: number;
  failure?: string;
}

/** Runs one trial of every row of the tests on a device. */
export async function checkRows(device: Device, at: (share: number) => void): Promise<Map<string, RowsResult>> {
  const results = new Map<string, RowsResult>();
  for (const [number, row] of CASES.entries()) {
    at(number / CASES.length);
    const recorder = new Recorder(device);
    const shapes = row.shapes[Math.min(1, row.shapes.length - 1)]!;
    const problem = await checkCase(recorder, row, shapes).catch((error: Error) => error.message);
    for (const { kernel } of recorder.launches) {
      const result = results.get(kernel.name) ?? { rows: 0 };
      result.rows++;
      if (problem !== undefined) result.failure ??= `${row.op}: ${problem}`;
      results.set(kernel.name, result);
    }
    recorder.destroy();
  }
  return results;
}
