// The rows of the study: how each method scores the test stamps, and the stamps that its class unit passes through.
import { GaussianMixture } from "constella/density";
import { ConditionalVAE, ConvAutoencoder, VaDE, VAE } from "constella/generative";
import type { VAEOptions } from "constella/generative";
import { Isomap } from "constella/manifold";
import { Supervised } from "constella/vision";
import { flatten, NdArray } from "constella";
import type { Device, Tensor } from "constella";
import { AXES } from "./data";
import type { Axes, Prepared, Preparation, Stamps } from "./data";

/** What rows are measured on. */
export interface Setting {
  readonly train: Stamps;
  readonly test: Stamps;
  readonly stamps: (preparation: Preparation) => Prepared;
  readonly axes: (preparation: Preparation) => Promise<Axes>;
  readonly device: Device;
  readonly epochs: number;
  readonly folder: string;
}

/** Scores of the test stamps. */
export interface Scores {
  readonly score: Float32Array;
  /** The style unit's, where there is one. */
  readonly style?: Float32Array;
  /** Stamps [n, 16, 16] along the class unit, from a low score to a high one. */
  readonly traversal?: NdArray<Float32Array>;
}

/** A row of the table. */
export interface Method {
  readonly id: string;
  readonly title: string;
  readonly preparation: Preparation;
  /** One number for all seeds: nothing is trained. */
  readonly baseline?: true;
  /** It was given labels: the sign of its score means something. */
  readonly supervised?: true;
  readonly scores: (method: Method, seed: number, setting: Setting) => Promise<Scores>;
}

const column = (data: Float32Array, width: number, at = 0): Float32Array =>
  Float32Array.from({ length: data.length / width }, (_, i) => data[i * width + at]!);

/** The first columns of rows. */
const first = ({ data, shape: [n = 0, width = 0] }: NdArray<Float32Array>, size: number): NdArray<Float32Array> =>
  new NdArray(
    Float32Array.from({ length: n * size }, (_, i) => data[Math.floor(i / size) * width + (i % size)]!),
    [n, size],
  );

/** As many of the axes. */
async function axesGiven({ preparation }: Method, { axes }: Setting, size = AXES): Promise<Axes> {
  const all = await axes(preparation);
  return { ...all, train: first(all.train, size), test: first(all.test, size) };
}

/** Stamps of a traversal. */
const STEPS = 6;

/** Values from the 2nd to the 98th per cent of scores in equal steps. */
function stepsOf(score: Float32Array): number[] {
  const sorted = score.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return Array.from({ length: STEPS }, (_, i) => at(0.02) + ((at(0.98) - at(0.02)) * i) / (STEPS - 1));
}

const meanOf = (values: Float32Array): number => values.reduce((sum, value) => sum + value / values.length, 0);

/** One band of decoded stamps: r of five, else the only one. */
function plane({ data, shape: [n = 0, width = 0] }: NdArray<Float32Array>): NdArray<Float32Array> {
  const side = 16;
  const from = width === 5 * side * side ? 2 * side * side : 0;
  const planes = new Float32Array(n * side * side);
  for (let i = 0; i < n; i++)
    planes.set(data.subarray(i * width + from, i * width + from + side * side), i * side * side);
  return new NdArray(planes, [n, side, side]);
}

const axis: Method["scores"] = async (method, _seed, setting) => ({
  score: column((await setting.axes(method.preparation)).test.data, AXES),
});

/** A VAE with one latent on the axes, whose unit is the score. */
const vae =
  (options: Partial<VAEOptions>): Method["scores"] =>
  async (method, seed, setting) => {
    const given = await axesGiven(method, setting);
    using model = new VAE({ inputShape: [AXES], latents: 1, epochs: setting.epochs, seed, device: setting.device, ...options }); // prettier-ignore
    await model.fit(given.train);
    const score = (await model.transform(given.test)).data;
    const codes = new NdArray(Float32Array.from(stepsOf(score)), [STEPS, 1]);
    return { score, traversal: plane(await given.back(await model.decode(codes))) };
  };

/** A conditional VAE on the axes, or on the stamps. */
const conditional =
  ({
    axes = AXES,
    images = false,
    ...options
  }: { axes?: number; images?: boolean } & Partial<VAEOptions> = {}): Method["scores"] =>
  async (method, seed, setting) => {
    const given = await axesGiven(method, setting, axes);
    const { train, test } = images ? setting.stamps(method.preparation) : given;
    const { epochs, device } = setting;
    using model = new ConditionalVAE({ inputShape: train.shape.slice(1), epochs, seed, device, ...options });
    await model.fit(train);
    const [score, style] = [await model.score(test), (await model.style(test)).data];
    const middle = meanOf(style);
    const codes = new NdArray(Float32Array.from(stepsOf(score).flatMap((value) => [value, middle])), [STEPS, 2]);
    const decoded = await model.decode(codes);
    return { score, style, traversal: plane(images ? decoded : await given.back(decoded)) };
  };

/** V+M: a VAE of several latents, which Isomap lays along one line. */
const manifold: Method["scores"] = async (method, seed, setting) => {
  const given = await axesGiven(method, setting);
  const { epochs, device } = setting;
  using model = new VAE({ inputShape: [AXES], latents: 5, epochs, seed, device });
  await model.fit(given.train);
  const [train, test] = [await model.transform(given.train), await model.transform(given.test)];
  const shown = new NdArray(train.data.subarray(0, 5 * Math.min(LAID, train.shape[0]!)), [Math.min(LAID, train.shape[0]!), 5]); // prettier-ignore
  using isomap = await new Isomap({ nNeighbors: 10, nComponents: 1, device }).fit(shown);
  return { score: Float32Array.from((await isomap.transform(test)).data) };
};
/** Stamps whose latents Isomap learns from. */
const LAID = 1500;

/** An autoencoder of the stamps, of convolutions. */
async function autoencoder(
  method: Method,
  seed: number,
  { stamps, epochs, device }: Setting,
): Promise<ConvAutoencoder> {
  const { train } = stamps(method.preparation);
  const model = new ConvAutoencoder({ inputShape: train.shape.slice(1), channels: [8, 12], code: 10, epochs: Math.ceil(epochs / 2), batchSize: 50, seed, device }); // prettier-ignore
  return model.fit(train);
}

/** A+Vr(KL): a VAE, its one latent held to the mixture, on the codes of an autoencoder, brought to variance 1. */
const onCodes: Method["scores"] = async (method, seed, setting) => {
  using coder = await autoencoder(method, seed, setting);
  const { train, test } = setting.stamps(method.preparation);
  const codes = await coder.transform(train);
  const middle = meanOf(codes.data);
  const deviation = Math.sqrt(meanOf(codes.data.map((value) => (value - middle) ** 2)));
  const scaled = ({ data, shape }: NdArray<Float32Array>): NdArray<Float32Array> =>
    new NdArray(data.map((value) => (value - middle) / deviation), shape); // prettier-ignore
  const { epochs, device } = setting;
  using model = new VAE({ inputShape: [10], latents: 1, divergence: "mixture", sigma: 0.3, epochs, seed, device });
  await model.fit(scaled(codes));
  return { score: (await model.transform(scaled(await coder.transform(test)))).data };
};

/** Cascade: a VAE of stamps whose error is measured where an autoencoder sees them, in its first layer and its code. */
const cascade: Method["scores"] = async (method, seed, setting) => {
  using coder = await autoencoder(method, seed, setting);
  const { train, test } = setting.stamps(method.preparation);
  const width = train.data.length / train.shape[0]!;
  const features = (x: Tensor): Tensor => flatten(coder.network.layers(x)["encoder1"]!);
  const { epochs, device } = setting;
  using model = new VAE({ inputShape: [width], latents: 1, divergence: "mixture", features, epochs, seed, device });
  const rows = ({ data, shape: [n = 0] }: NdArray<Float32Array>) => new NdArray(data, [n, width]);
  await model.fit(rows(train));
  const score = (await model.transform(rows(test))).data;
  const codes = new NdArray(Float32Array.from(stepsOf(score)), [STEPS, 1]);
  return { score, traversal: plane(await model.decode(codes)) };
};

const vade: Method["scores"] = async (method, seed, setting) => {
  const given = await axesGiven(method, setting);
  const { epochs, device } = setting;
  using model = new VaDE({
    inputShape: [AXES],
    nClusters: 2,
    latents: 4,
    pretrainEpochs: epochs,
    epochs,
    seed,
    device,
  });
  await model.fit(given.train);
  return { score: column((await model.softAssignments(given.test)).data, 2) };
};

/** A mixture of two Gaussians on the first four axes. */
const mixture: Method["scores"] = async (method, seed, setting) => {
  const given = await axesGiven(method, setting, 4);
  const model = new GaussianMixture({ nComponents: 2, nInit: 4, seed, device: setting.device });
  await model.fit(given.train);
  const score = column((await model.softAssignments(given.test)).data, 2);
  await model.dispose();
  return { score };
};

const supervised: Method["scores"] = async (method, seed, setting) => {
  const given = await axesGiven(method, setting);
  const network = { type: "mlp", layers: [AXES, 64, 64] } as const;
  const { epochs, device, train } = setting;
  const how = { network, nClasses: 2, learningRate: 0.02, batchSize: 100, schedule: "cosine", seed, device } as const;
  const model = new Supervised(how);
  await model.fit(given.train, train.labels, { epochs: 2 * epochs });
  const score = column((await model.probabilities(given.test)).data, 2, 1);
  model.dispose();
  return { score };
};

const white = (id: string, title: string, scores: Method["scores"]): Method => ({ id, title, preparation: "white", scores }); // prettier-ignore
const baseline = (id: string, title: string, preparation: Preparation, scores = axis): Method => ({
  ...{ id, title, preparation, scores },
  baseline: true,
});
const one = (id: string, title: string, divergence: NonNullable<VAEOptions["divergence"]>): Method =>
  white(id, `one latent, ${title}`, vae({ divergence }));

/** All rows; where the slides name a method, by its name there. */
export const METHODS: readonly Method[] = [
  baseline("pc-raw", "first principal axis, raw", "raw"),
  baseline("pc-asinh", "first principal axis, asinh", "asinh"),
  baseline("pc-white", "first principal axis, white", "white"),
  baseline("aperture", "aperture ratio 2.6 / 6 pixels", "raw", async (_m, _s, { test }) => ({ score: test.aperture })),
  white("vae-isomap", "five latents along a line by Isomap (V+M)", manifold),
  one("vae-normal", "KL to N(0, 1)", "normal"),
  one("vae-mixture", "KL to the mixture (Vr(DKL))", "mixture"),
  one("vae-bound", "bound of that KL", "mixture-bound"),
  one("vae-js", "Jensen-Shannon", "jensen-shannon"),
  one("vae-sc", "geometric Jensen-Shannon (Vr(SC), our reading)", "geometric"),
  one("vae-aw", "sorted Wasserstein (Vr(AW), our reading)", "aggregate-wasserstein"),
  one("vae-pw", "pointwise Wasserstein (Vr(PW), our reading)", "pointwise-wasserstein"),
  white("ae-vae", "one latent of an autoencoder's codes (A+Vr(KL))", onCodes),
  white("cascade", "cascade: errors in an autoencoder's features", cascade),
  white("vade", "VaDE, two clusters", vade),
  white("gmm", "mixture of two Gaussians, four axes", mixture),
  white("cvae", "conditional VAE, style dropout 0.5", conditional()),
  { id: "cvae-peak", title: "conditional VAE, peak", preparation: "peak", scores: conditional() },
  {
    ...{ id: "cvae-convolutional", title: "conditional VAE of convolutions, peak, five bands", preparation: "peak" },
    scores: conditional({
      ...{ images: true, network: { type: "convolutional", channels: [16, 24] }, batchSize: 50, epochs: 8 },
    }),
  },
  baseline("pc-blank", "first principal axis, neighbours blanked", "blank"),
  { id: "cvae-blank", title: "conditional VAE, neighbours blanked", preparation: "blank", scores: conditional() },
  baseline("pc-mirror", "first principal axis, neighbours mirrored", "mirror"),
  { id: "cvae-mirror", title: "conditional VAE, neighbours mirrored", preparation: "mirror", scores: conditional() },
  {
    ...{ id: "cvae-mirror-4", title: "the same, of four axes", preparation: "mirror" },
    scores: conditional({ axes: 4 }),
  },
  white("cvae-no-dropout", "control: no style dropout", conditional({ styleDropout: 0, styleAfter: 0 })),
  white("cvae-late-style", "control: no style dropout, style units join late", conditional({ styleDropout: 0 })),
  { id: "cvae-asinh", title: "control: no flux normalisation", preparation: "asinh", scores: conditional() },
  { ...white("supervised", "supervised network", supervised), supervised: true },
  {
    ...{ id: "supervised-mirror", title: "supervised network, neighbours mirrored", preparation: "mirror" },
    ...{ supervised: true, scores: supervised },
  },
];

/** Rows that the small setting leaves to `--methods` and `--full`: what their own tables in README.md measure. */
export const ASIDE: readonly string[] = [
  ...["cvae-convolutional", "pc-blank", "cvae-blank", "pc-mirror", "cvae-mirror", "cvae-mirror-4"],
  ...["cvae-late-style", "supervised-mirror"],
];
