// Results, and two of them side by side, as tables.
import { html, type Markup } from "constella/report";
import type { BenchRow, BenchRun, Roof } from "./protocol";

const number = (value: number | undefined): string =>
  value === undefined ? "" : value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(2);

const milliseconds = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(2) : ms.toFixed(4));

/** The larger share of the two roofs: what bounds the kernel, as far as one number can tell. */
export function shareOfRoof(
  { gflops = 0, gbytes = 0 }: BenchRow,
  roof: Roof,
): { share: number; of: "arithmetic" | "memory" } {
  const [compute, memory] = [gflops / roof.gflops, gbytes / roof.gbytes];
  return compute >= memory ? { share: compute, of: "arithmetic" } : { share: memory, of: "memory" };
}

function resultRow(row: BenchRow, roof: Roof | undefined): Markup {
  const { kernel, workload, params, validation, error, timing } = row;
  if (error !== undefined || !timing)
    return html`<tr class="failed">
      <th scope="row" class="text">${kernel}</th>
      <td class="text">${workload}</td>
      <td class="text" colspan="6">not timed: ${error}</td>
    </tr>`;
  const { share, of } = roof ? shareOfRoof(row, roof) : { share: 0, of: "memory" };
  return html`<tr>
    <th scope="row" class="text">${kernel}</th>
    <td class="params">${workload}<br />${params}</td>
    <td class="text">${validation}</td>
    <td>${milliseconds(timing.ms)}</td>
    <td>${milliseconds(timing.best)}</td>
    <td>${number(row.gflops)}</td>
    <td>${number(row.gbytes)}</td>
    <td>
      <span class="share" aria-hidden="true"><i style="width:${Math.min(100, 100 * share).toFixed(0)}%"></i></span
      >${(100 * share).toFixed(0)} % of ${of}
    </td>
  </tr>`;
}

/** A run as a table, a kernel a row. */
export const resultsTable = (rows: readonly BenchRow[], roof: Roof | undefined): string =>
  html`<table>
    <caption>
      Median and best of five rounds, milliseconds a launch.
    </caption>
    <thead>
      <tr>
        <th scope="col">Kernel</th>
        <th scope="col" class="text">At</th>
        <th scope="col" class="text">Checked against</th>
        <th scope="col">ms</th>
        <th scope="col">best</th>
        <th scope="col">GFLOP/s</th>
        <th scope="col">GB/s</th>
        <th scope="col">of the roof</th>
      </tr>
    </thead>
    <tbody>
      ${rows.map((row) => resultRow(row, roof))}
    </tbody>
  </table>`.text;

/** Reads a run that was saved. @throws when the text is none */
export function parseRun(text: string, name: string): BenchRun {
  let run: Partial<BenchRun>;
  try {
    run = JSON.parse(text) as Partial<BenchRun>;
  } catch {
    throw new Error(`${name}: not JSON`);
  }
  if (!Array.isArray(run.rows) || !run.roof || typeof run.device !== "string")
    throw new Error(`${name}: JSON, but no run of this page`);
  return run as BenchRun;
}

const keyOf = ({ kernel, params }: BenchRow): string => `${kernel} ${params}`;

/** Two runs side by side: the kernels that both have timed, largest change first. */
export function diffTable(before: BenchRun, after: BenchRun): string {
  const earlier = new Map(before.rows.filter(({ timing }) => timing).map((row) => [keyOf(row), row]));
  const pairs = after.rows.flatMap((row) => {
    const old = earlier.get(keyOf(row));
    return row.timing && old?.timing ? [{ row, old: old.timing.ms, now: row.timing.ms }] : [];
  });
  pairs.sort((a, b) => Math.abs(Math.log(b.now / b.old)) - Math.abs(Math.log(a.now / a.old)));
  const middle = [...pairs].sort((a, b) => a.now / a.old - b.now / b.old)[pairs.length >> 1];
  const change = ({ old, now }: { old: number; now: number }): Markup => {
    const factor = old / now;
    const word = factor >= 1.05 ? "faster" : factor <= 1 / 1.05 ? "slower" : "";
    const text = factor >= 1 ? `${factor.toFixed(2)}× faster` : `${(1 / factor).toFixed(2)}× slower`;
    return html`<td class="${word}">${word === "" ? "the same" : text}</td>`;
  };
  return html`<table>
    <caption>
      ${pairs.length} launches in both: ${before.device}, ${before.date.slice(0, 10)}, and ${after.device},
      ${after.date.slice(0, 10)}. ${middle && `In the middle ${(middle.old / middle.now).toFixed(2)}×.`}
      ${after.rows.length - pairs.length} of the second run have no counterpart.
    </caption>
    <thead>
      <tr>
        <th scope="col">Kernel</th>
        <th scope="col" class="text">At</th>
        <th scope="col">before, ms</th>
        <th scope="col">after, ms</th>
        <th scope="col">change</th>
      </tr>
    </thead>
    <tbody>
      ${pairs.map(
        (pair) =>
          html`<tr>
            <th scope="row" class="text">${pair.row.kernel}</th>
            <td class="params">${pair.row.params}</td>
            <td>${milliseconds(pair.old)}</td>
            <td>${milliseconds(pair.now)}</td>
            ${change(pair)}
          </tr>`,
      )}
    </tbody>
  </table>`.text;
}
