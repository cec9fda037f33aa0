import type { Bytes } from "../../data/formats/source";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { RunOptions } from "../../lifecycle/progress";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { integer } from "../../options";
import { slic, SLIC_OPTIONS } from "./slic";
import type { SLICSettings, Superpixels } from "./slic";

/**
 * Superpixels as a model that is fitted, saved and loaded: `slic` of one picture or cube, whose pixels are the items. It says nothing of others.
 *
 * ```ts
 * const superpixels = await new SLIC({ nSegments: 1000, device }).fit(cube); // [bands, height, width]
 * superpixels.labels;                                                        // [height, width], −1 where a band has no data
 * ```
 */
export class SLIC extends Model<SLICSettings> {
  #found: Superpixels | undefined;

  /** @throws for an option that is unknown or out of its range */
  constructor(options: Partial<SLICSettings> & DeviceOption = {}) {
    super("SLIC", options, SLIC_OPTIONS);
  }

  /** The superpixel of each pixel, [height, width]; −1 where a band has no data. @throws before `fit`, as `count` */
  get labels(): NdArray<Int32Array<ArrayBuffer>> {
    return this.known("labels", this.#found).labels;
  }
  /** Superpixels that there are. */
  get count(): number {
    return this.known("count", this.#found).count;
  }

  /**
   * Finds the superpixels of an image [height, width] or [bands, height, width].
   * @param options `onStep`: after each pass, without a loss
   * @throws as `slic`, and the signal's reason when aborted
   */
  async fit(image: NdArrayLike, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const device = await this.device();
      this.#found = await slic(image, {
        ...this.settings,
        ...{ device, signal: fit.signal },
        onPass: async (step, steps) => {
          fit.report({ stage: "superpixels", epoch: 1, epochs: 1, step, steps, loss: NaN });
          await fit.between();
        },
      });
      this.learned();
    });
  }

  /** `fit`, then the superpixels. */
  async fitPredict(image: NdArrayLike, options: RunOptions = {}): Promise<NdArray<Int32Array<ArrayBuffer>>> {
    return (await this.fit(image, options)).labels;
  }

  /** Reads what `save` wrote. @throws when it is none, or its parts do not belong together */
  static async load(content: Bytes, options: DeviceOption = {}): Promise<SLIC> {
    return Model.restored("SLIC", content, options, (settings) => new SLIC(settings));
  }

  protected override own(): Learned {
    const { labels, count } = this;
    const [height, width] = labels.shape;
    return { arrays: { labels: new NdArray<TypedArray>(labels.data) }, state: { count, height, width } };
  }

  protected override restore(saved: Checkpoint): void {
    const count = saved.entry<number>("count", integer(1));
    const [height, width] = [saved.entry<number>("height", integer(1)), saved.entry<number>("width", integer(1))];
    const labels = saved.labels("labels", count, -1);
    if (labels?.length !== height * width)
      throw new Error(`checkpoint: labels must be of ${height} x ${width} pixels, got ${labels?.length ?? "none"}`);
    this.#found = { labels: new NdArray(labels, [height, width]), count };
  }

  protected override release(): void {
    this.#found = undefined;
  }
}
