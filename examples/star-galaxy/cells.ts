// The cells of the study: one method on one preparation with one seed, kept in a file of its own, so that a run goes on where another ended.
import { join } from "node:path";
import { auc, NdArray } from "constella";
import { Supervised } from "constella/vision";
import type { Device } from "constella";
import { ConditionalVAE, VAE } from "constella/generative";
import type { VAEOptions } from "constella/generative";
import { AXES } from "./data";
import { kept } from "./kept";
import type { Prepared, Preparation, Stamps } from "./data";

/** A row of the table. */
export interface Method {
  readonly id: string;
  readonly title: string;
  readonly preparation: Preparation;
  /** Options of a VAE with one latent; `conditional` ones have style units. */
  readonly options?: Partial<VAEOptions>;
  readonly conditional?: boolean;
  /** Given the prepared stamps themselves, by convolutions, not their principal axes. */
  readonly images?: boolean;
  /** Principal axes that the network is given, where not all. */
  readonly axes?: number;
  /** Trained on the labels of the training stamps. */
  readonly supervised?: boolean;
  /** One number for all seeds: nothing is trained. */
  readonly baseline?: "axis" | "aperture";
}

const one = (id: string, title: string, divergence: VAEOptions["divergence"]): Method => ({
  id,
  title: `one latent, ${title}`,
  preparation: "white",
  options: { latents: 1, divergence: divergence! },
});

/** All rows. */
export const METHODS: readonly Method[] = [
  { id: "pc-raw", title: "first principal axis, raw", preparation: "raw", baseline: "axis" },
  { id: "pc-asinh", title: "first principal axis, asinh", preparation: "asinh", baseline: "axis" },
  { id: "pc-white", title: "first principal axis, white", preparation: "white", baseline: "axis" },
  { id: "aperture", title: "aperture ratio 2.6 / 6 pixels", preparation: "raw", baseline: "aperture" },
  one("vae-normal", "KL to N(0, 1)", "normal"),
  one("vae-mixture", "KL to the mixture (Vr(DKL))", "mixture"),
  one("vae-bound", "bound of that KL", "mixture-bound"),
  one("vae-js", "Jensen-Shannon", "jensen-shannon"),
  one("vae-aw", "sorted Wasserstein (Vr(AW), our reading)", "aggregate-wasserstein"),
  one("vae-pw", "pointwise Wasserstein (Vr(PW), our reading)", "pointwise-wasserstein"),
  { id: "cvae", title: "conditional VAE, style dropout 0.5", preparation: "white", conditional: true },
  { id: "cvae-peak", title: "conditional VAE, peak", preparation: "peak", conditional: true },
  {
    ...{ id: "cvae-convolutional", title: "conditional VAE of convolutions, peak, five bands", preparation: "peak" },
    ...{ conditional: true, images: true },
    options: { network: { type: "convolutional", channels: [16, 24] }, batchSize: 50, epochs: 8 },
  },
  { id: "pc-blank", title: "first principal axis, neighbours blanked", preparation: "blank", baseline: "axis" },
  { id: "cvae-blank", title: "conditional VAE, neighbours blanked", preparation: "blank", conditional: true },
  { id: "pc-mirror", title: "first principal axis, neighbours mirrored", preparation: "mirror", baseline: "axis" },
  { id: "cvae-mirror", title: "conditional VAE, neighbours mirrored", preparation: "mirror", conditional: true },
  {
    ...{ id: "cvae-mirror-4", title: "the same, of four axes", preparation: "mirror" },
    ...{ conditional: true, axes: 4 },
  },
  {
    ...{ id: "cvae-no-dropout", title: "control: no style dropout", preparation: "white" },
    ...{ conditional: true, options: { styleDropout: 0, styleAfter: 0 } },
  },
  {
    ...{ id: "cvae-late-style", title: "control: no style dropout, style units join late", preparation: "white" },
    ...{ conditional: true, options: { styleDropout: 0 } },
  },
  { id: "cvae-asinh", title: "control: no flux normalisation", preparation: "asinh", conditional: true },
  { id: "supervised", title: "supervised network", preparation: "white", supervised: true },
  {
    ...{ id: "supervised-mirror", title: "supervised network, neighbours mirrored", preparation: "mirror" },
    supervised: true,
  },
];

/** What a cell measured. AUC is max(AUC, 1 − AUC) but for the supervised network: no label says which end is which. */
export interface Cell {
  readonly method: string;
  readonly seed: number;
  readonly auc: number;
  readonly unblended: number;
  readonly blended: number;
  /** AUC of the style unit, where there is one. */
  readonly style?: number;
  readonly seconds: number;
}

/** What cells are measured on. */
export interface Setting {
  readonly train: Stamps;
  readonly test: Stamps;
  readonly stamps: (preparation: Preparation) => Prepared;
  readonly axes: (preparation: Preparation) => Promise<Prepared>;
  readonly device: Device;
  readonly epochs: number;
  readonly folder: string;
}

/** The cell of a method and seed, from its file or measured now. */
export async function cell(method: Method, seed: number, setting: Setting): Promise<Cell> {
  return kept(join(setting.folder, "cells", `${method.id}-${seed}.json`), () => measured(method, seed, setting));
}

async function measured(method: Method, seed: number, setting: Setting): Promise<Cell> {
  const began = performance.now();
  const { score, style } = await scores(method, seed, setting);
  const { labels, blend } = setting.test;
  const part = (keep: (i: number) => boolean): number => {
    const kept = Array.from(labels.keys()).filter(keep);
    const signed = method.supervised ?? false;
    return auc(
      kept.map((i) => labels[i]!),
      kept.map((i) => score[i]!),
      { signed },
    );
  };
  return {
    ...{ method: method.id, seed, auc: part(() => true) },
    ...{ unblended: part((i) => blend[i] === 0), blended: part((i) => blend[i] === 1) },
    ...(style && { style: auc(labels, style, { signed: false }) }),
    seconds: (performance.now() - began) / 1000,
  };
}

/** The first columns of rows. */
const first = ({ data, shape: [n = 0, width = 0] }: NdArray<Float32Array>, size: number): NdArray<Float32Array> =>
  new NdArray(
    Float32Array.from({ length: n * size }, (_, i) => data[Math.floor(i / size) * width + (i % size)]!),
    [n, size],
  );

const column = (data: Float32Array, width: number, at = 0): Float32Array =>
  Float32Array.from({ length: data.length / width }, (_, i) => data[i * width + at]!);

async function scores(
  { baseline, preparation, options, conditional, images, axes: size = AXES, supervised }: Method,
  seed: number,
  { train, test, stamps, axes, device, epochs }: Setting,
): Promise<{ score: Float32Array; style?: Float32Array }> {
  if (baseline === "aperture") return { score: test.aperture };
  const all = images ? stamps(preparation) : await axes(preparation);
  const given = size === AXES ? all : { train: first(all.train, size), test: first(all.test, size) };
  if (baseline === "axis") return { score: column(given.test.data, size) };
  if (supervised) {
    const network = { type: "mlp", layers: [size, 64, 64] } as const;
    const model = new Supervised({
      network,
      nClasses: 2,
      learningRate: 0.02,
      batchSize: 100,
      schedule: "cosine",
      seed,
      device,
    });
    await model.fit(given.train, train.labels, { epochs: 2 * epochs });
    const score = column((await model.probabilities(given.test)).data, 2, 1);
    model.dispose();
    return { score };
  }
  const shared = { inputShape: given.train.shape.slice(1), epochs, seed, device, ...options };
  if (!conditional) {
    const model = new VAE(shared);
    await model.fit(given.train);
    const { data } = await model.transform(given.test);
    model.dispose();
    return { score: data };
  }
  const model = new ConditionalVAE(shared);
  await model.fit(given.train);
  const [score, style] = [await model.score(given.test), (await model.style(given.test)).data];
  model.dispose();
  return { score, style };
}
