// Images cut into objects by what several layers of a network say of each pixel. Hariharan, Arbeláez, Girshick and Malik, Hypercolumns, CVPR 2015.
import { checkInteger } from "../../checks";
import type { Bytes } from "../../data/formats/source";
import { copy, transpose as transposeKernel } from "../../kernels/indexing";
import * as images from "../../kernels/images";
import * as masks from "../../kernels/masks";
import { argExtremum } from "../../kernels/reduction";
import type { Checkpoint, Learned } from "../../lifecycle/checkpoint";
import type { Fit } from "../../lifecycle/fit";
import { Model } from "../../lifecycle/model";
import type { DeviceOption, OptionSet } from "../../lifecycle/model";
import { mapRows } from "../../lifecycle/rows";
import type { Rows, RowsLike } from "../../lifecycle/rows";
import { takeFloat32, toContiguous } from "../../matrix";
import type { MatrixLike, NdArrayLike } from "../../matrix";
import { NdArray, sizeOf } from "../../ndarray";
import type { TypedArray } from "../../ndarray";
import { div } from "../../ops/elementwise";
import { hypercolumn } from "../../ops/images/hypercolumn";
import { avgPool2d } from "../../ops/images/pooling";
import { gatherRows } from "../../ops/indexing";
import { ones, transpose } from "../../ops/layout";
import { mean } from "../../ops/reduce";
import { reshape } from "../../ops/shape";
import { callable, choice, flag, integer, list, optional, range, text } from "../../options";
import type { Rule } from "../../options";
import { stream } from "../../random";
import type { Tensor } from "../../tensor";
import { CONV_AUTOENCODER_OPTIONS, ConvAutoencoder, RESIDUAL_DEFAULTS } from "../models/conv-autoencoder";
import type { ConvAutoencoderOptions, ConvAutoencoderSettings } from "../models/conv-autoencoder";
import { middleObjects, objectCatalogue } from "./catalogue";
import type { SegmentedImage, SegmentedObject } from "./catalogue";
import {
  brightClusters,
  clusterArrays,
  clusterOf,
  clusterPixels,
  CLUSTERINGS,
  restoredClusters,
} from "./pixel-clusters";
import type { PixelClusters } from "./pixel-clusters";
import { checkWhole, tilesOf } from "./tiles";
import { generate, mapTo } from "../../typed-arrays";

/** Options of `HypercolumnSegmentation`. */
export interface HypercolumnSegmentationOptions extends ConvAutoencoderOptions {
  /** Clusters of pixels. */
  readonly nClusters: number;
  /** Layers of the autoencoder by their names: input, encoder1, …, decoder1, … Default: the input and the last of the decoder, the reconstruction. */
  readonly at?: readonly string[] | undefined;
  /** Layers of any network of images [n, channels, height, width], in place of those of an autoencoder that is trained here; `load` wants it again. */
  readonly features?: ((images: Tensor) => readonly Tensor[]) | undefined;
  /** How channels are made comparable: each pixel's of a layer to length 1, or each to variance 1 over all pixels so that layers weigh the same. Default none. */
  readonly comparable?: "none" | "l2" | "standardize";
  /** Between the pixels of smaller layers. Default bilinear. */
  readonly resize?: "bilinear" | "nearest";
  /** Whether hypercolumns are means over 3 × 3 pixels. Default yes. */
  readonly smooth?: boolean;
  /** Default k-means. */
  readonly clustering?: (typeof CLUSTERINGS)[number];
  /** Clusterings from different beginnings, of which the best is kept. Default 4. */
  readonly nInit?: number;
  /** Width of the outer frame in which objects are rare, in pixels. Default an eighth of the shorter side. */
  readonly frame?: number | undefined;
  /**
   * Which clusters are of objects: what is rarer in the outer frame of the images, of stamps with their object in the middle (frame, the default); or what is
   * brighter than the sky, of tiles of a field (bright): the mean of its prepared channels lies above the median of all pixels by more than one deviation,
   * 1.4826 median absolute ones.
   */
  readonly foreground?: (typeof FOREGROUNDS)[number];
  /** A cluster is of objects where it is so many times as rare in the frame as in whole images. Default 2. */
  readonly rarity?: number;
}

/** How clusters of objects are told from those of the sky. */
const FOREGROUNDS = ["frame", "bright"] as const;

/** @inline */
type Settings = ConvAutoencoderSettings &
  Required<Omit<HypercolumnSegmentationOptions, keyof ConvAutoencoderOptions | "at" | "features" | "frame">> &
  Pick<HypercolumnSegmentationOptions, "at" | "features" | "frame">;

/** The name of a layer. */
const LAYER: Rule<string> = {
  ...text,
  words: "the name of a layer",
  spelled: { as: "text", placeholder: "NAME", parse: (word) => (/^\w+$/.test(word) ? word : undefined) },
};

/** Rules and defaults of its options. @internal */
export const SEGMENTATION_OPTIONS: OptionSet<Settings> = {
  rules: {
    ...(CONV_AUTOENCODER_OPTIONS.rules as OptionSet<Settings>["rules"]),
    ...{ nClusters: integer(1), at: optional(list(LAYER, 1)), features: optional(callable) },
    ...{ comparable: choice("none", "l2", "standardize"), resize: choice("bilinear", "nearest"), smooth: flag },
    ...{
      clustering: choice(...CLUSTERINGS),
      nInit: integer(1),
      foreground: choice(...FOREGROUNDS),
      frame: optional(integer(1)),
      rarity: range(1),
    },
  },
  defaults: {
    ...{ ...CONV_AUTOENCODER_OPTIONS.defaults, ...RESIDUAL_DEFAULTS },
    ...{
      comparable: "none",
      resize: "bilinear",
      smooth: true,
      clustering: "k-means",
      nInit: 4,
      foreground: "frame",
      rarity: 2,
    },
  },
  kernels: (settings) => [
    ...CONV_AUTOENCODER_OPTIONS.kernels!(settings),
    ...[images.resize, images.avgPool, argExtremum, copy, transposeKernel, ...Object.values(masks)],
  ],
};

/** Pixels that are clustered at most. */
const PIXELS = 2 ** 16;
/** Images whose hypercolumns are computed at a time. */
const CHUNK = 32;

/**
 * Segments images: an autoencoder is trained on them, and what several of its layers say of a pixel, brought to the size of the image, is clustered.
 * Objects are what is rarer in the frame of the images than in them, or brighter than the sky. `labels` are clusters, `masks` objects, `catalogue` what is known of these.
 */
export class HypercolumnSegmentation extends ConvAutoencoder<Settings> {
  #clusters: PixelClusters | undefined;
  #foreground: Uint8Array | undefined;
  #labels: NdArray<Int32Array<ArrayBuffer>> | undefined;

  /** @throws for an option that is unknown, missing or out of its range */
  constructor(options: HypercolumnSegmentationOptions) {
    super(options, "HypercolumnSegmentation", SEGMENTATION_OPTIONS);
    const { height, width } = this.#size;
    const { frame } = this.settings;
    if (frame !== undefined && 2 * frame >= Math.min(height, width))
      throw new Error(`${this.name}: frame must leave a middle of images of ${height} x ${width}, got ${frame}`);
  }

  /** Cluster of each pixel of the images that were fitted, [n, height, width]. @throws before `fit` has ended, as the next */
  get labels(): NdArray<Int32Array> {
    const { data, shape } = this.known("labels", this.#labels);
    return new NdArray(data.slice(), shape);
  }

  /** The clusters that are of objects. */
  get foreground(): number[] {
    return Array.from(this.known("foreground", this.#foreground)).flatMap((is, j) => (is ? [j] : []));
  }

  /** Cluster of each pixel of x, [n, height, width]. @throws before `fit` has ended, as all these */
  async predict(x: RowsLike): Promise<NdArray<Int32Array>> {
    this.known("predict", this.#clusters);
    const { height, width } = this.#size;
    const { data } = await this.map(x, "predict", (batch) => this.#clusterOf(batch), CHUNK);
    return new NdArray(Int32Array.from(data), [data.length / (height * width), height, width]);
  }

  /**
   * Where x shows objects, [n, height, width], 0 and 1.
   * @param options `by`: all objects (the default), or the one in the middle alone
   */
  async masks(x: RowsLike, { by = "all" }: { readonly by?: "all" | "middle" } = {}): Promise<NdArray<Uint8Array>> {
    const labels = await this.predict(x);
    const all = this.#maskOf(labels);
    return by === "all" ? all : middleObjects(await this.device(), all);
  }

  /** The objects of images x of at least `minimum` pixels (default 5), with their fluxes in the units of x. */
  async catalogue(x: MatrixLike, { minimum = 5 }: { readonly minimum?: number } = {}): Promise<SegmentedObject[]> {
    checkInteger(`${this.name}.catalogue`, { minimum }, 1);
    const { channels, height, width } = this.#size;
    const found = await this.masks(x);
    const { data } = await takeFloat32(x, `${this.name}.catalogue`, "x");
    const [n, side] = [found.shape[0]!, this.settings.inputShape.at(-1)!];
    const bands = data.length / (n * height * width);
    if (!Number.isInteger(bands) || side !== width)
      throw new Error(`${this.name}.catalogue: images must not be cropped, got a preparation that leaves ${channels} channels of ${height} x ${width}`); // prettier-ignore
    return objectCatalogue(await this.device(), found, new NdArray(data, [n, bands, height, width]), minimum);
  }

  /**
   * A whole image [channels, H, W] as large as the fitted ones or larger, tile by tile, of which each gives its middle: the cluster of each pixel, where
   * objects are, which, and these as `catalogue` gives them. Where a channel has no number there is no cluster (−1) and no object.
   * @param options `minimum`: pixels of an object at least (default 5)
   * @throws when it is smaller, has other channels, or stamps are cropped or normalised one by one
   */
  async segmentImage(image: NdArrayLike, options: { readonly minimum?: number } = {}): Promise<SegmentedImage> {
    const { labels, planes } = await this.#whole(image, "segmentImage");
    const mask = this.#maskOf(labels);
    const segments = new NdArray(new Int32Array(mask.size), mask.shape);
    const objects = await this.#objectsOf(mask, planes, "segmentImage", { ...options, segments: segments.data });
    return { labels, mask, segments, objects };
  }

  /** Objects of a whole image, tile by tile: a mask [H, W]. @throws as `segmentImage` */
  async maskOf(image: NdArrayLike): Promise<NdArray<Uint8Array>> {
    return this.#maskOf((await this.#whole(image, "maskOf")).labels);
  }

  /** The objects of a whole image, tile by tile, as `catalogue` gives them. @throws as `segmentImage` */
  async catalogueOf(image: NdArrayLike, options: { readonly minimum?: number } = {}): Promise<SegmentedObject[]> {
    const { labels, planes } = await this.#whole(image, "catalogueOf");
    return this.#objectsOf(this.#maskOf(labels), planes, "catalogueOf", options);
  }

  /** @throws when the bytes are no checkpoint of a HypercolumnSegmentation */
  static override load(
    content: Bytes,
    options: DeviceOption & Pick<HypercolumnSegmentationOptions, "features"> = {},
  ): Promise<HypercolumnSegmentation> {
    const make = (settings: HypercolumnSegmentationOptions): HypercolumnSegmentation =>
      new HypercolumnSegmentation(settings);
    return Model.restored("HypercolumnSegmentation", content, options, make, ["device", "features"]) as never;
  }

  /** Sizes of an image once it is prepared. */
  get #size(): { readonly channels: number; readonly height: number; readonly width: number } {
    const [channels, height, width] = this.preparedShape as [number, number, number];
    return { channels, height, width };
  }

  /** The layers that pixels are clustered by, of a batch [b, width]. */
  #layers(batch: Tensor): readonly Tensor[] {
    const { features, at } = this.settings;
    const { channels, height, width } = this.#size;
    if (features) return features(reshape(batch, [-1, channels, height, width]));
    const all = this.network.layers(batch);
    const names = at ?? ["input", this.network.layerNames.at(-1)!];
    const unknown = names.find((name) => !all[name]);
    if (unknown !== undefined)
      throw new Error(`${this.name}.fit: at must be among ${this.network.layerNames.join(", ")}, got ${unknown}`);
    return names.map((name) => all[name]!);
  }

  /** Hypercolumns of a batch, [b · height · width, channels]. */
  #columns(batch: Tensor): Tensor {
    const { comparable, resize, smooth } = this.settings;
    const { height, width } = this.#size;
    const normalize = comparable === "l2" ? "l2" : "none"; // variances are those of the pixels that were fitted
    const columns = hypercolumn(this.#layers(batch), { size: [height, width], mode: resize, normalize });
    const around = { stride: 1, padding: 1 };
    const pooled = smooth
      ? div(avgPool2d(columns, 3, around), avgPool2d(ones(columns.device, [1, 1, height, width]), 3, around))
      : columns;
    return reshape(transpose(pooled, [0, 2, 3, 1]), [-1, columns.shape[1]!]);
  }

  /** Clusters of the pixels of a batch, [b, height · width] */
  #clusterOf(batch: Tensor): Tensor {
    const { height, width } = this.#size;
    return reshape(clusterOf(this.#columns(batch), this.#clusters!), [-1, height * width]);
  }

  /** Clusters of the pixels of a whole image, [H, W], and the image itself. */
  async #whole(
    image: NdArrayLike,
    name: string,
  ): Promise<{ readonly labels: NdArray<Int32Array>; readonly planes: NdArray<Float32Array> }> {
    const op = `${this.name}.${name}`;
    const { preparation, inputShape } = this.settings;
    this.known(name, this.#clusters);
    checkWhole(op, preparation);
    const { data, shape } = toContiguous(image, op, "image");
    const planes = new NdArray(data instanceof Float32Array ? data : mapTo(Float32Array, data as ArrayLike<number>, Number), shape); // prettier-ignore
    const tiles = tilesOf(op, planes, inputShape);
    const labels = new Int32Array(tiles.size[0] * tiles.size[1]);
    for (let i = 0; i < tiles.rows; i++) tiles.put(i, (await this.predict(tiles.row(i))).data, labels);
    return { labels: new NdArray(labels, tiles.size), planes };
  }

  async #objectsOf(
    mask: NdArray<Uint8Array>,
    { data, shape }: NdArray<Float32Array>,
    name: string,
    { minimum = 5, segments }: { readonly minimum?: number; readonly segments?: Int32Array },
  ): Promise<SegmentedObject[]> {
    checkInteger(`${this.name}.${name}`, { minimum }, 1);
    return objectCatalogue(
      await this.device(),
      new NdArray(mask.data, [1, ...mask.shape]),
      new NdArray(data, [1, ...shape]),
      minimum,
      segments,
    );
  }

  #maskOf({ data, shape }: NdArray<Int32Array>): NdArray<Uint8Array> {
    const foreground = this.known("masks", this.#foreground);
    return new NdArray(
      mapTo(Uint8Array, data, (label) => foreground[label] ?? 0),
      shape,
    );
  }

  protected override async condensed(items: RowsLike, _fit: Fit): Promise<RowsLike> {
    const { nClusters } = this.settings;
    const n = "length" in items ? items.length : (items as NdArray).shape[0]!;
    if (nClusters > n)
      throw new Error(`${this.name}.fit: nClusters must be at most the number of images, got ${nClusters} for ${n}`);
    return items;
  }

  /** Clusters pixels of the images that were fitted, and finds which clusters are of objects. */
  protected override async trained(rows: Rows, _items: RowsLike, fit: Fit): Promise<void> {
    this.#clusters = this.#labels = this.#foreground = undefined; // of an earlier fit
    this.network.eval();
    const { nClusters, clustering, nInit, seed, comparable } = this.settings;
    const { height, width } = this.#size;
    const size = height * width;
    const random = stream(seed, `${this.name}.pixels`);
    const each = Math.min(size, Math.max(1, Math.floor(PIXELS / rows.count)));
    let layers: number[] = [];
    const sampled = await mapRows(
      rows,
      (batch) => {
        const n = batch.shape[0]!;
        const index = generate(Uint32Array, n * each, (i) => Math.floor(i / each) * size + Math.floor(random.uniform() * size)); // prettier-ignore
        layers = this.#layers(batch).map(({ shape }) => shape[1]!);
        return reshape(gatherRows(this.#columns(batch), index), [n, -1]);
      },
      CHUNK,
    );
    await fit.between();
    const channels = layers.reduce((sum, count) => sum + count, 0);
    const pixels = new NdArray(sampled.data, [sampled.data.length / channels, channels]);
    const how = { clustering, nClusters, nInit, seed, standardize: comparable === "standardize", layers };
    this.#clusters = await clusterPixels(pixels, how, await this.device(), fit);
    const { data } = await mapRows(rows, (batch) => this.#clusterOf(batch), CHUNK);
    const labels = new NdArray(Int32Array.from(data), [rows.count, height, width]);
    this.#foreground =
      this.settings.foreground === "bright"
        ? brightClusters(labels.data, await this.#brightness(rows), nClusters)
        : this.#rareInFrame(labels.data);
    this.#labels = labels;
  }

  /** The mean of the channels of each pixel of prepared images. */
  async #brightness(rows: Rows): Promise<Float32Array> {
    const { channels, height, width } = this.#size;
    const planes = (batch: Tensor): Tensor => reshape(batch, [-1, channels, height * width]);
    return (await mapRows(rows, (batch) => mean(planes(batch), 1), CHUNK)).data;
  }

  /** Which clusters are `rarity` times as rare in the outer frame as in whole images. */
  #rareInFrame(labels: Int32Array): Uint8Array {
    const { nClusters, rarity, frame: given } = this.settings;
    const { height, width } = this.#size;
    const frame = given ?? Math.max(1, Math.round(Math.min(height, width) / 8));
    const [all, outer] = [new Float64Array(nClusters), new Float64Array(nClusters)];
    const isOuter = Array.from({ length: height * width }, (_, p) => {
      const [row, column] = [Math.floor(p / width), p % width];
      return Math.min(row, column, height - 1 - row, width - 1 - column) < frame;
    });
    labels.forEach((label, i) => {
      all[label]!++;
      if (isOuter[i % isOuter.length]) outer[label]!++;
    });
    const share = isOuter.filter(Boolean).length / isOuter.length;
    return mapTo(Uint8Array, all, (count, j) => Number(count > 0 && rarity * outer[j]! <= share * count));
  }

  protected override own(): Learned {
    const { arrays, state } = super.own();
    const labels = this.#labels;
    return {
      arrays: {
        ...arrays,
        ...(this.#clusters && clusterArrays(this.#clusters)),
        ...(this.#foreground && { foreground: new NdArray<TypedArray>(Int32Array.from(this.#foreground)) }),
        ...(labels && { labels: new NdArray<TypedArray>(labels.data) }),
      },
      state,
    };
  }

  protected override async restore(saved: Checkpoint): Promise<void> {
    await super.restore(saved); // it refuses sizes that are not those of an image
    const { nClusters } = this.settings;
    const { height, width } = this.#size;
    this.#clusters = restoredClusters(saved, nClusters);
    const foreground = saved.labels("foreground", 2);
    const labels = saved.labels("labels", nClusters);
    if (!this.#clusters !== !labels || !foreground !== !labels)
      throw new Error("checkpoint: clusters, labels and foreground must be there together");
    if (foreground && labels && (foreground.length !== nClusters || labels.length % (height * width) !== 0))
      throw new Error(`checkpoint: labels must be of images of ${height} x ${width}, got ${labels.length}`);
    this.#foreground = foreground && Uint8Array.from(foreground);
    this.#labels = labels && new NdArray(labels, [labels.length / sizeOf([height, width]), height, width]);
  }
}
