import type { Bytes } from "../../data/formats/source";
import { withPrefix } from "../../lifecycle/checkpoint";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import { Model } from "../../lifecycle/model";
import type { DeviceOption } from "../../lifecycle/model";
import { RUN_RULES } from "../../lifecycle/progress";
import type { RunOptions } from "../../lifecycle/progress";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { integer, optional, record } from "../../options";
import type { SeedsStanding } from "./seeds";
import { SLIC_OPTIONS, superpixels } from "./slic";
import type { SLICSettings, Superpixels } from "./slic";

const STANDING = record({ pass: integer(1), height: integer(1), width: integer(1) });

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
  #standing: SeedsStanding | undefined;
  /** Whether the next fit goes on from where a loaded one stood. */
  #goesOn = false;

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
   * Finds the superpixels of an image [height, width] or [bands, height, width]. A fit that was stopped, saved and loaded goes on where it stood, with the same
   * image.
   * @param options `onStep`: after each pass, without a loss
   * @throws as `slic`, and the signal's reason when aborted
   */
  async fit(image: NdArrayLike, options: RunOptions = {}): Promise<this> {
    return this.fitting(options, RUN_RULES, async (fit) => {
      const begun = this.#goesOn ? this.#standing : undefined;
      this.#goesOn = false;
      this.#found = await superpixels(image, this.settings, await this.device(), {
        begun,
        after: async (step, steps, stand) => {
          this.learned(); // from now on it can say where it stands
          fit.report({ stage: "superpixels", epoch: 1, epochs: 1, step, steps, loss: NaN });
          await fit.between(async () => void (this.#standing = await stand()));
        },
      });
      this.#standing = undefined;
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
    const standing = this.#standing;
    const found = standing ? this.#found : this.known("save", this.#found);
    const [height, width] = found?.labels.shape ?? [];
    const seeds = standing && keptStanding(standing);
    return {
      arrays: { ...(found && { labels: new NdArray<TypedArray>(found.labels.data) }), ...seeds?.arrays },
      state: { ...(found && { count: found.count, height, width }), ...(seeds && { standing: seeds.state }) },
    };
  }

  protected override restore(saved: Checkpoint): void {
    this.#standing = restoredStanding(saved);
    this.#goesOn = this.#standing !== undefined;
    if (this.#standing && !saved.arrays["labels"]) return;
    const count = saved.entry<number>("count", integer(1));
    const [height, width] = [saved.entry<number>("height", integer(1)), saved.entry<number>("width", integer(1))];
    const labels = saved.labels("labels", count, -1);
    if (labels?.length !== height * width)
      throw new Error(`checkpoint: labels must be of ${height} x ${width} pixels, got ${labels?.length ?? "none"}`);
    this.#found = { labels: new NdArray(labels, [height, width]), count };
  }

  protected override release(): void {
    [this.#found, this.#standing] = [undefined, undefined];
  }
}

/** The arrays and the state of a checkpoint. */
function keptStanding({ pass, height, width, centers, places, boxes, labels }: SeedsStanding): {
  readonly arrays: Readonly<Record<string, NdArray<TypedArray>>>;
  readonly state: object;
} {
  const vectors: Readonly<Record<string, TypedArray>> = { centers, places, boxes, labels };
  const arrays = Object.entries(vectors).map(([name, values]) => [name, new NdArray(values)] as const);
  return { arrays: withPrefix("standing.", Object.fromEntries(arrays)), state: { pass, height, width } };
}

/** What `keptStanding` gave; undefined where there is none. @throws for what does not belong together */
function restoredStanding(saved: Checkpoint): SeedsStanding | undefined {
  const state = saved.entry<Pick<SeedsStanding, "pass" | "height" | "width"> | undefined>(
    "standing",
    optional(STANDING),
  );
  if (!state) return undefined;
  const { height, width } = state;
  const part = saved.of(saved.below("standing."));
  const k = (part.arrays["places"]?.data.length ?? 0) / 2;
  const places = part.numbers("places", 2 * k);
  const boxes = Int32Array.from(part.numbers("boxes", 4 * k));
  const labels = part.labels("labels", k, -1);
  const centers = Float32Array.from(part.numbers("centers", part.arrays["centers"]?.data.length ?? 0));
  if (k < 1 || labels?.length !== height * width || centers.length % k !== 0)
    throw new Error("checkpoint: seeds need their centres, places and boxes, and every pixel one of them");
  const inside = (value: number, at: number): boolean => value >= -1 && value <= (at % 2 === 0 ? height : width);
  if (!places.every(inside) || !boxes.every((edge, at) => inside(edge, at >> 1)))
    throw new Error(`checkpoint: seeds must lie within ${height} x ${width} pixels`);
  return { ...state, centers, places, boxes, labels };
}
