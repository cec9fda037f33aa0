import { DeviceError } from "../device";
import type { Device } from "../device";
import { requestDevice } from "../request-device";
import type { EpochRecord } from "../lifecycle/progress";

/** What `trainSafely` needs of a model. */
export interface SavedModel {
  /** The model as a checkpoint. */
  save(): Promise<Uint8Array>;
  /** Frees what the model holds on its device. */
  dispose(): void;
}

/** How `trainSafely` makes, trains and restores a model. */
export interface SafeTraining<M extends SavedModel> {
  /** Makes the model on a device: `(device) => new DEC({ layers, nClusters, device })`. */
  readonly make: (device: Device) => M;
  /** Makes it of a checkpoint: `(bytes, device) => DEC.load(bytes, { device })`. */
  readonly load: (checkpoint: Uint8Array, device: Device) => Promise<M>;
  /** Trains it, or goes on with it: `(model, { onEpoch }) => model.fit(x, { epochs: 50, onEpoch })`. */
  readonly train: (model: M, options: { onEpoch: (record: EpochRecord) => Promise<void> }) => Promise<unknown>;
  /** The first device; default `requestDevice()`. */
  readonly device?: Device;
  /** Where to go on when a device has failed; default `requestDevice("wasm")`. */
  readonly nextDevice?: () => Promise<Device>;
  /** Seconds between checkpoints, which are taken at the end of epochs; default 0: after each. */
  readonly checkpointEvery?: number;
  /** After each epoch. */
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
  /** When a device has failed and another is about to go on. */
  readonly onRecover?: (error: DeviceError, device: Device) => void;
}

/** Devices that may fail one after the other before training gives up. */
const MAX_FAILURES = 3;

/**
 * Trains a model and, when its device fails (a GPU that is lost or out of memory, a worker that dies), goes on from the last
 * checkpoint on another one. What was trained up to that checkpoint is kept; with one seed the continuation is that of a model
 * saved and loaded there.
 * @returns the trained model, on the device that ended the training
 * @throws what is no failure of a device, and the third failure in a row without an epoch between them
 */
export async function trainSafely<M extends SavedModel>(training: SafeTraining<M>): Promise<M> {
  const { make, load, train, nextDevice = () => requestDevice("wasm"), checkpointEvery = 0 } = training;
  let checkpoint: Uint8Array | undefined;
  let failures = 0;
  let saved = performance.now();
  for (let device = training.device ?? (await requestDevice()); ;) {
    let model: M | undefined;
    try {
      const current = (model = checkpoint ? await load(checkpoint, device) : make(device));
      await train(current, {
        onEpoch: async (record) => {
          if (performance.now() - saved >= 1000 * checkpointEvery) {
            checkpoint = await current.save();
            saved = performance.now();
          }
          failures = 0;
          await training.onEpoch?.(record);
        },
      });
      return current;
    } catch (error) {
      if (!(error instanceof DeviceError) || ++failures === MAX_FAILURES) throw error;
      model?.dispose();
      device = await nextDevice();
      training.onRecover?.(error, device);
    }
  }
}
