import type { Points } from "../cluster/points";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { MatrixLike } from "../matrix";
import { NdArray } from "../ndarray";
import { Tensor } from "../tensor";
import { decodeCheckpoint, encodeCheckpoint } from "../lifecycle/checkpoint";
import type { EpochRecord } from "../lifecycle/progress";
import type { CommonOptions, Estimator, EstimatorFitOptions } from "./method";

/** What a clustering that finds labels at once is run with. */
export interface LabellingContext {
  readonly device?: Device;
  readonly signal?: AbortSignal;
}

/** A clustering that finds labels at once: its name in files, and how it is run. */
export interface Labelling<O extends CommonOptions> {
  readonly model: string;
  /** The clustering, which holds its options against their rules. */
  make(
    options: Omit<O, "device">,
    context: LabellingContext,
  ): { fitPredict(x: MatrixLike): Promise<Int32Array> | Int32Array };
}

/** A clustering without epochs as methods are run: what was found is saved and loaded, what was stopped begins anew. */
export class Labelled<O extends CommonOptions> implements Estimator {
  readonly settings: Omit<O, "device">;
  readonly history: readonly EpochRecord[] = [];
  readonly #labelling: Labelling<O>;
  readonly #device: Device | undefined;
  #labels: Int32Array | undefined;

  constructor(labelling: Labelling<O>, { device, ...settings }: O) {
    labelling.make(settings, {});
    [this.#labelling, this.#device, this.settings] = [labelling, device, settings];
  }

  get labels(): Int32Array {
    if (!this.#labels) throw new Error(`${this.#labelling.model}: call fit first`);
    return this.#labels;
  }

  async fit(x: Points, { signal }: EstimatorFitOptions = {}): Promise<this> {
    const rows = x instanceof Tensor ? new NdArray(await x.data(), x.shape) : x;
    const context = { ...(this.#device ? { device: this.#device } : {}), ...(signal ? { signal } : {}) };
    signal?.throwIfAborted();
    this.#labels = await this.#labelling.make(this.settings, context).fitPredict(rows);
    signal?.throwIfAborted();
    return this;
  }

  save(): Promise<Uint8Array> {
    const arrays: Record<string, NdArray<Int32Array>> = {};
    if (this.#labels) arrays["labels"] = new NdArray(this.#labels);
    return encodeCheckpoint(this.#labelling.model, arrays, { settings: this.settings });
  }

  /** Reads what `save` wrote. */
  static async load<O extends CommonOptions>(
    labelling: Labelling<O>,
    bytes: Bytes,
    device: Device | undefined,
  ): Promise<Labelled<O>> {
    const { arrays, state } = decodeCheckpoint<{ settings: O }>(labelling.model, bytes);
    const made = new Labelled(labelling, { ...state.settings, ...(device ? { device } : {}) });
    if (arrays["labels"]) made.#labels = Int32Array.from(arrays["labels"].data as ArrayLike<number>);
    return made;
  }

  dispose(): void {}
}
