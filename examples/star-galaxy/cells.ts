// The cells of the study: one method on one preparation with one seed, kept in a file of its own, so that a run goes on where another ended.
import { join } from "node:path";
import { auc } from "constella";
import { Supervised } from "constella/vision";
import type { Device } from "constella";
import { ConditionalVAE, VAE } from "constella/generative";
import type { VAEOptions } from "constella/generative";
import { AXES } from "./data";
import { kept } from "./kept";
import type { Axes, Preparation, Stamps } from "./data";

/** A row of the table. */
export interface Method {
  readonly id: string;
  readonly title: string;
  readonly preparation: Preparation;
  /** Options of a VAE with one latent; `conditional` ones have style units. */
  readonly options?: Partial<VAEOptions>;
  readonly conditional?: boolean;
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
    id: "cvae-no-dropout",
    title: "control: no style dropout",
    preparation: "white",
    conditional: true,
    options: { styleDropout: 0 },
  },
  { id: "cvae-asinh", title: "control: no flux normalisation", preparation: "asinh", conditional: true },
  { id: "supervised", title: "supervised network", preparation: "white", supervised: true },
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
  readonly axes: (preparation: Preparation) => Promise<Axes>;
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

const column = (data: Float32Array, width: number, at = 0): Float32Array =>
  Float32Array.from({ length: data.length / width }, (_, i) => data[i * width + at]!);

async function scores(
  { baseline, preparation, options, conditional, supervised }: Method,
  seed: number,
  { train, test, axes, device, epochs }: Setting,
): Promise<{ score: Float32Array; style?: Float32Array }> {
  if (baseline === "aperture") return { score: test.aperture };
  const rows = await axes(preparation);
  if (baseline === "axis") return { score: column(rows.test.data, AXES) };
  if (supervised) {
    const network = { type: "mlp", layers: [AXES, 64, 64] } as const;
    const model = new Supervised({
      network,
      nClasses: 2,
      learningRate: 0.02,
      batchSize: 100,
      schedule: "cosine",
      seed,
      device,
    });
    await model.fit(rows.train, train.labels, { epochs: 2 * epochs });
    const score = column((await model.probabilities(rows.test)).data, 2, 1);
    model.dispose();
    return { score };
  }
  const shared = { inputShape: [AXES], epochs, seed, device, ...options };
  if (!conditional) {
    const model = new VAE(shared);
    await model.fit(rows.train);
    const { data } = await model.transform(rows.test);
    model.dispose();
    return { score: data };
  }
  const model = new ConditionalVAE(shared);
  await model.fit(rows.train);
  const [score, style] = [await model.score(rows.test), (await model.style(rows.test)).data];
  model.dispose();
  return { score, style };
}
