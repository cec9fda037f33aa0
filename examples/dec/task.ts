import type { Device, ImageRowsOptions, RunOptions, StackedAutoencoder } from "constella";
import { stepProgress } from "constella/commands";
import type { ProgressDisplay } from "constella/commands";
import type { Items } from "./data";

/** What a clustering is made with. */
export interface Task {
  readonly items: Items;
  readonly nClusters: number;
  readonly seed: number;
  readonly device: Device;
  /** Where results are kept, and what is needed to go on with a row that was stopped. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly progress: ProgressDisplay;
  /** Passes of the autoencoder. */
  readonly epochs: number;
  readonly layers: readonly number[];
  readonly batchSize: number;
  /** Passes for each layer by itself, where layers are trained so: half of `epochs`, as in the paper. */
  readonly layerEpochs: number;
  /** How the rows with augmentation see images changed: turned by up to 10 degrees, moved by up to a tenth of the width. */
  readonly augment: ImageRowsOptions;
}

/**
 * A row: how it clusters. Those with `from` begin with an autoencoder that is trained once a seed, on items as they are or, `augmented`, on images changed at
 * random; those of `images` are left out where there are none.
 */
export type Row = {
  readonly id: string;
  readonly title: string;
  readonly images?: true;
} & (
  | { readonly cluster: (task: Task) => Promise<Int32Array> }
  | { readonly augmented?: true; readonly from: (autoencoder: StackedAutoencoder, task: Task) => Promise<Int32Array> }
);

/** What a row hands to `fit`: how it stops and tells how far it is. */
export const running = ({ signal, progress }: Task): RunOptions => ({
  signal,
  onStep: (report) => progress.update(stepProgress(report)),
});
