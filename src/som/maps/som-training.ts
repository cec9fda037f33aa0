import type { Fit } from "../../lifecycle/fit";
import type { EpochRecord } from "../../lifecycle/progress";
import { batchEpoch, winnersOf, withUnits } from "../batch";
import type { Grid } from "../grid";
import type { Neighbourhood } from "../neighbourhood";
import { onlineSteps } from "../online";
import { shuffledRows } from "../order";
import { Blocks, isMasked } from "../rows";
import type { OpenRows } from "../rows";
import { scheduled } from "../schedule";
import type { Schedule } from "../schedule";
import type { SOMSettings } from "./som-options";
import { generate } from "../../typed-arrays";

/** A map in training. */
export interface MapTraining {
  readonly settings: SOMSettings;
  readonly grid: Grid;
  readonly blocks: Blocks;
  readonly rows: OpenRows;
  readonly fit: Fit;
  /** Epochs that are behind it. */
  readonly begun: number;
  readonly codebook: Float64Array;
  /** Mean distance of a row to its unit, as far as it is known. */
  readonly loss: number;
  /** Takes the code book after an epoch. */
  readonly ended: (codebook: Float64Array, record: EpochRecord) => Promise<void>;
}

/** σ and the cutoff of an epoch of batch training. */
export function pullOf(
  { sigma, cutoff, epochs, neighbourhood }: SOMSettings,
  epoch: number,
): { readonly sigma: number; readonly cutoff?: number; readonly neighbourhood: Neighbourhood } {
  const reach = cutoff === undefined ? {} : { cutoff: scheduled("SOM", "cutoff", cutoff, epochs)(epoch) };
  return { sigma: scheduled("SOM", "sigma", sigma, epochs)(epoch), ...reach, neighbourhood };
}

/** The epochs of batch training that are left. @throws when every row is masked */
export async function trainInBatches(training: MapTraining): Promise<void> {
  const { settings, grid, blocks, rows, fit, begun, ended } = training;
  const { epochs } = settings;
  const codebook = training.codebook.slice();
  let { loss } = training;
  await withUnits(blocks.device, codebook, grid.units, async (units) => {
    for (let epoch = begun; epoch < epochs; epoch++) {
      const pull = pullOf(settings, epoch);
      const report = { stage: "map", epoch: epoch + 1, epochs, steps: rows.n, loss };
      const sums = await batchEpoch(
        ...([blocks, units, codebook, grid, pull] as const),
        async (step) => {
          fit.report({ ...report, step });
          await fit.between();
        },
        fit.signal,
      );
      if (sums.rows === 0) throw new Error(`SOM.fit: every row of x [${rows.n}, ${rows.d}] is masked, NaN or infinite`);
      loss = sums.quantizationError;
      await ended(codebook.slice(), { stage: "map", epoch: epoch + 1, loss, sigma: pull.sigma });
    }
  });
}

/** Rows that a progress report covers, of online training. */
const ONLINE_ROWS = 65_536;

/** The epochs of online training that are left. @throws when every row is masked */
export async function trainOnline(training: MapTraining): Promise<void> {
  const { settings, grid, blocks, rows, fit, begun, ended } = training;
  const { n, d } = rows;
  const { epochs, sigma, learningRate, cutoff, neighbourhood, seed, order: comes } = settings;
  const steps = epochs * n;
  const at = (name: string, schedule: Schedule): ((t: number) => number) => scheduled("SOM", name, schedule, steps);
  const [width, rate] = [at("sigma", sigma), at("learningRate", learningRate)];
  const reach = cutoff === undefined ? undefined : at("cutoff", cutoff);
  let codebook: ArrayLike<number> = training.codebook;
  let { loss } = training;
  for (let epoch = begun; epoch < epochs; epoch++) {
    const taken =
      comes === "given" ? blocks : new Blocks(blocks.device, shuffledRows(rows, seed, "SOM.order", epoch), 1);
    try {
      for await (const { x, first, rows: count } of taken.pass(fit.signal)) {
        const data = (await x.data()) as Float32Array;
        const order = generate(Uint32Array, count, (row) => row).filter((row) => !isMasked(data, row, d));
        for (let begin = 0; begin < order.length; begin += ONLINE_ROWS) {
          const t0 = epoch * n + first + begin;
          const trained = await onlineSteps(
            ...([x, codebook, grid] as const),
            {
              order: order.subarray(begin, begin + ONLINE_ROWS),
              ...{ sigma: (t) => width(t0 + t), learningRate: (t) => rate(t0 + t), neighbourhood },
              ...(reach && { cutoff: (t: number) => reach(t0 + t) }),
            },
            fit.signal,
          );
          codebook = trained.codebook;
          fit.report({ stage: "map", epoch: epoch + 1, epochs, step: first + begin, steps: n, loss });
          await fit.between();
        }
      }
    } finally {
      if (taken !== blocks) taken.dispose();
    }
    loss = await meanDistance(blocks, codebook, n, grid);
    const record = { stage: "map", epoch: epoch + 1, loss, sigma: width(epoch * n + n - 1) };
    await ended(Float64Array.from(codebook), record);
  }
}

/** Mean distance of a row to its unit. */
async function meanDistance(blocks: Blocks, codebook: ArrayLike<number>, n: number, grid: Grid): Promise<number> {
  const { quality } = await withUnits(blocks.device, codebook, grid.units, (units) =>
    winnersOf(blocks, n, units, grid),
  );
  if (quality.rows === 0) throw new Error("SOM.fit: every row is masked, NaN or infinite");
  return quality.quantizationError;
}
