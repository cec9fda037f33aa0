import { checkOptions, isObject, show } from "../checks";
import type { Bytes } from "../data/formats/source";
import type { Device } from "../device";
import type { Kernel } from "../kernel";
import { NdArray } from "../ndarray";
import { checkedOptions, device as deviceRule } from "../options";
import type { Rule, Rules } from "../options";
import { requestDevice } from "../request-device";
import { Tensor } from "../tensor";
import { shared } from "../event-loop";
import type { Checkpoint, Learned } from "./checkpoint";
import { Fit } from "./fit";
import type { EpochRecord, RunOptions, StepReport } from "./progress";

/** Options of every `load`: what a checkpoint cannot hold. */
export interface DeviceOption {
  /** Default: `requestDevice()` when it is first needed; ended by `dispose()` then. */
  readonly device?: Device | undefined;
}

/** What a method says of its options: a rule for each, and the values of those that are not given. */
export interface OptionSet<Settings extends object> {
  readonly rules: Rules<Settings>;
  readonly defaults: Partial<Settings>;
  /** Whether the method computes on the calling thread alone and takes no device. Default false. */
  readonly host?: boolean;
  /**
   * Kernels that `fit` launches with given settings, of every family at least one: the device loads their families and compiles them before it is used. Others
   * are compiled when they are launched.
   */
  kernels?(settings: Settings): readonly Kernel[];
}

/**
 * What every method is: settings, a device, one `fit` at a time, and what it has learned, which is saved, loaded and freed. A method adds what is
 * its own:
 *
 * ```ts
 * class Means extends Model<{ count: number }> {
 *   constructor(options: { count: number; device?: Device }) {
 *     super("Means", options, { rules: { count: whole(1) }, defaults: {} });
 *   }
 *   async fit(x: RowsLike, options: RunOptions = {}): Promise<this> {
 *     return this.fitting(options, RUN_RULES, async (fit) => { … await fit.between(); fit.report(…); … this.learned(); });
 *   }
 *   async predict(x: RowsLike) { return this.computing("predict", () => …); }
 *   static load(content: Bytes, options: DeviceOption = {}) { return Model.restored("Means", content, options, (settings) => new Means(settings)); }
 *   protected override own(): Learned { … }            // arrays and JSON
 *   protected override restore(saved: Checkpoint) { … } // the way back: saved.array, saved.labels, saved.entry check what they take
 *   protected override release() { … }                 // tensors, networks
 * }
 * ```
 *
 * - `kernels` in the third argument of `super` names what it launches: whoever asks for the device gets it with these compiled.
 * - Options are checked by name and by rule, here and when a checkpoint is loaded: its settings go through the constructor.
 * - `fitting` refuses a second `fit`, hands out a `Fit` (stop, reports, moments of rest) and keeps the device until it ends.
 * - `computing` is for everything that needs what was learned: it throws before `fit` and after `dispose()`.
 * - `save` waits for a moment of rest: `fit` calls `fit.between()` between two steps, and changes what `own()` gives only elsewhere.
 * - `dispose()` frees, ends a device that was requested here, and stops a `fit` that runs.
 */
export abstract class Model<Settings extends object = object> {
  /** Of the method, for messages and checkpoints. */
  readonly name: string;
  /** The options with defaults filled in, as a checkpoint keeps them. */
  readonly settings: Readonly<Settings>;
  readonly #given: Device | undefined;
  readonly #kernels: (() => readonly Kernel[]) | undefined;
  #requested: Promise<Device> | undefined;
  #built = false;
  readonly #building: () => Promise<Device>;
  #fit: Fit<never> | undefined;
  #computing = 0;
  #learned = false;
  #disposed = false;

  /** @throws for an option that is unknown, missing or out of its range */
  protected constructor(
    name: string,
    options: unknown,
    { rules, defaults, host = false, kernels }: OptionSet<Settings>,
  ) {
    const { device, ...settings } = checkedOptions<Settings & DeviceOption>(
      name,
      options,
      (host ? rules : { ...rules, device: deviceRule }) as Rules<Settings & DeviceOption>,
      defaults,
    );
    this.name = name;
    this.settings = settings as unknown as Settings;
    this.#given = device;
    this.#kernels = kernels && (() => kernels(this.settings));
    this.#building = shared(() => this.#build());
  }

  /** What happened in training, one record per epoch; of methods without epochs, per iteration. */
  get history(): readonly EpochRecord[] {
    return [];
  }

  /** Settings, all that was learned and where training stands, as a safetensors file: of one moment between two steps while `fit` runs. @throws before `fit`, and when a value is not finite */
  async save(): Promise<Uint8Array> {
    return this.saving(() => this.own());
  }

  /**
   * Frees all that the model holds, and the device if it was requested here. A `fit` that runs ends between two steps, with an error; a second
   * call does nothing.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#fit?.abort(new Error(`${this.name}: the model was disposed of while fit ran`));
    this.#free();
  }

  /** `dispose()` at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What a checkpoint holds beside the settings. */
  protected abstract own(): Learned;
  /** Takes over what `own` gave. It may come from a file of anyone: every entry is checked before it is used. */
  protected abstract restore(saved: Checkpoint): void | Promise<void>;
  /** Frees what lies on the device; may be called when there is nothing. */
  protected abstract release(): void;
  /** Makes what the settings describe, once, before the first use of the device. Methods without networks need none. */
  protected build(_device: Device): void | Promise<void> {
    // nothing to make
  }

  /** The device: that of a tensor, the given one, or one requested now; it has compiled the kernels that the method names. */
  protected async device(x?: unknown): Promise<Device> {
    const device = x instanceof Tensor ? x.device : await (this.#given ?? (this.#requested ??= this.#request()));
    if (this.#kernels) await device.prepare(this.#kernels());
    return device;
  }

  /** The device, with what `build` makes on it. */
  protected async built(): Promise<Device> {
    return this.#built ? this.device() : this.#building();
  }

  /** From now on there is something to predict with and to save. */
  protected learned(): void {
    this.#learned = true;
  }

  /** @throws before `fit`, and after `dispose()` */
  protected checkLearned(op: string): void {
    this.#checkAlive(op);
    if (!this.#learned) throw new Error(`${this.name}.${op}: call fit first`);
  }

  /** Something that was learned. @throws before `fit`, and after `dispose()` */
  protected known<T>(what: string, value: T | undefined): T {
    this.#checkAlive(what);
    if (value === undefined) throw new Error(`${this.name}.${what}: call fit first`);
    return value;
  }

  /**
   * Runs `use` as the one `fit`.
   * @param rules of the options that there are
   * @throws while another one runs, after `dispose()`, and for options that are unknown or out of range
   */
  protected async fitting<Report extends StepReport>(
    options: RunOptions<Report>,
    rules: Readonly<Record<string, Rule>>,
    use: (fit: Fit<Report>) => Promise<void>,
    op = "fit",
  ): Promise<this> {
    this.#checkAlive(op);
    checkedOptions(`${this.name}.${op}`, options, rules, {});
    if (this.#fit) throw new Error(`${this.name}.${op}: fit is running; wait until it ends, or stop it by its signal`);
    const fit = new Fit(options);
    this.#fit = fit as unknown as Fit<never>;
    try {
      fit.signal.throwIfAborted();
      await use(fit);
    } finally {
      this.#fit = undefined;
      await fit.end();
      if (this.#disposed) this.#free();
    }
    return this;
  }

  /** Runs `use`, which needs what was learned, and keeps that until it ends. @throws before `fit`, and after `dispose()` */
  protected async computing<R>(op: string, use: () => Promise<R>): Promise<R> {
    this.checkLearned(op);
    return this.#keeping(use);
  }

  /** A checkpoint of what `own` gives at a moment of rest. @throws before `fit`, after `dispose()`, and when a value is not finite */
  protected async saving(own: () => Learned, type?: "F16" | "BF16"): Promise<Uint8Array> {
    this.checkLearned("save");
    const { encodeCheckpoint, NotFinite } = await import("./checkpoint-file");
    const encode = async (): Promise<Uint8Array> => {
      this.#checkAlive("save");
      const { arrays, state } = own();
      try {
        return await encodeCheckpoint(this.name, arrays, { settings: this.keptSettings(), ...state }, type);
      } catch (error) {
        if (error instanceof NotFinite)
          throw new Error(`${this.name}.save: ${error.message}, ${this.standing()}`, { cause: error });
        throw error;
      }
    };
    return this.#keeping(() => (this.#fit ? this.#fit.atRest(encode) : encode()));
  }

  /** The settings as JSON holds them: without functions, which `load` wants again. */
  protected keptSettings(): object {
    return Object.fromEntries(Object.entries(this.settings).filter(([, value]) => typeof value !== "function"));
  }

  /** Where training stands, for messages. */
  protected standing(): string {
    const last = this.history.at(-1);
    return last ? `after epoch ${last.epoch} of ${last.stage}` : "before the first epoch ended";
  }

  /**
   * A model of what `save` wrote.
   * @param make gets the settings, and the options of `load` over them
   * @throws when the bytes are no checkpoint of the method, or damaged, or do not belong together
   */
  protected static async restored<M extends Model>(
    name: string,
    content: Bytes,
    options: object,
    make: (settings: never) => M,
    known: readonly string[] = ["device"],
  ): Promise<M> {
    checkOptions(`${name}.load`, options, known);
    const { decodeCheckpoint } = await import("./checkpoint-file");
    const checkpoint = decodeCheckpoint(name, content, NdArray);
    const { settings } = checkpoint.state;
    if (!isObject(settings)) throw new Error(`${name}.load: settings must be an object, got ${show(settings)}`);
    if ("device" in settings) throw new Error(`${name}.load: settings must not hold a device`);
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const model = make({ ...settings, ...given } as never);
    try {
      await model.restore(checkpoint);
    } catch (error) {
      model.dispose();
      throw error;
    }
    model.learned();
    return model;
  }

  #checkAlive(op: string): void {
    if (this.#disposed) throw new Error(`${this.name}.${op}: the model was disposed`);
  }

  async #request(): Promise<Device> {
    this.#checkAlive("device");
    return requestDevice();
  }

  async #build(): Promise<Device> {
    return this.#keeping(async () => {
      const device = await this.device();
      await this.build(device);
      this.#built = true;
      return device;
    });
  }

  async #keeping<R>(use: () => Promise<R>): Promise<R> {
    this.#computing++;
    try {
      return await use();
    } finally {
      if (--this.#computing === 0 && this.#disposed) this.#free();
    }
  }

  #free(): void {
    if (this.#fit || this.#computing > 0) return;
    this.release();
    const requested = this.#requested;
    this.#requested = undefined;
    void requested?.then(
      (device) => device.destroy(),
      () => undefined, // there was none
    );
  }
}
