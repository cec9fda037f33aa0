import type { Device } from "../device";
import { withPrefix } from "../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../lifecycle/checkpoint";
import type { OptionSet } from "../lifecycle/model";
import type { EpochRecord } from "../lifecycle/progress";
import { RowsModel } from "../lifecycle/rows-model";
import { builtCooperatively, undrawnNetwork } from "../nn/init";
import type { Module } from "../nn/module";
import { stream } from "../random";
import type { Random } from "../random";
import { Training } from "./training";

/** Where a checkpoint has the network's arrays, those of its optimizer, and where its training stands. */
export interface Places {
  readonly network: string;
  readonly optimizer: string;
  readonly training: string;
}

const PLACES: Places = { network: "network.", optimizer: "optimizer.", training: "training" };

/** A `RowsModel` that is one network and its training; what else a method learns, it adds. */
export abstract class NetworkRowsModel<S extends { readonly seed: number }, N extends Module> extends RowsModel<S> {
  /** Of the network. */
  protected readonly training: Training = new Training();
  #network: N | undefined;
  readonly #places: Places;

  protected constructor(name: string, options: unknown, set: OptionSet<S>, places = PLACES) {
    super(name, options, set);
    this.#places = places;
  }

  /** One record per epoch of every stage. */
  override get history(): readonly EpochRecord[] {
    return this.training.history;
  }

  /** The network. @throws before the first `fit` */
  get network(): N {
    return this.known("network", this.#network);
  }

  /** Makes the network. */
  protected abstract make(device: Device, random: Random): N;

  /** The name of the stream that its weights are drawn from. */
  protected get weightsStream(): string {
    return `${this.name}.weights`;
  }

  protected override async build(device: Device): Promise<void> {
    const random = stream(this.settings.seed, this.weightsStream);
    this.#network = await builtCooperatively(() => this.make(device, random));
  }

  protected override own(): Learned {
    const { network, optimizer, training } = this.#places;
    return {
      arrays: { ...withPrefix(network, this.network.stateDict()), ...this.training.tensors(optimizer) },
      state: { [training]: this.training.state },
    };
  }

  /** Builds the network, once its arrays are seen to be those that the settings ask for. */
  protected override async restore(saved: Checkpoint): Promise<void> {
    const { network, optimizer, training } = this.#places;
    const arrays = saved.below(network);
    this.training.restore(saved, training, optimizer);
    saved.checkDeclared(arrays, (device) =>
      undrawnNetwork(() => ({ "": this.make(device, stream(this.settings.seed, "")) })),
    );
    await this.built();
    this.network.loadStateDict(arrays);
  }

  protected override release(): void {
    this.training.dispose();
    this.#network?.dispose();
    this.#network = undefined;
  }
}
