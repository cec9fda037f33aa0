import * as c from "constella";
import type { Tensor } from "constella";
import { renderSource } from "../../../src/data/datasets/stars-galaxies";
import * as g from "../../../src/generative";
import { onDevice, onHost, tensors } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

type Latents = Readonly<Record<"mu" | "logvar", Tensor>>;
type Prior = Readonly<Record<"m" | "s", number>>;
type Size = readonly [number, number];

const numbers = (x: Values): Float64Array => Float64Array.from(x.data as ArrayLike<number | bigint>, Number);

const words = async (x: Tensor): Promise<Float64Array> => Float64Array.from(await x.data());

/** The divergences: a scalar from means, variances and what else a case gives. */
const DIVERGENCES: Adapters = {
  vae_kl_normal: tensors<Latents>(({ mu, logvar }) => ({ loss: g.klNormal(mu, logvar) })),
  vae_reparam: tensors<Latents & { eps: Tensor }>(({ mu, logvar, eps }) => ({ z: g.reparameterize(mu, logvar, eps) })),
  vae_mc_kl_mixture: tensors<Latents & { eps: Tensor }, Prior>(({ mu, logvar, eps }, { m, s }) => ({
    loss: g.klMixtureMonteCarlo(mu, logvar, eps, { m, s }),
  })),
  vae_kl_mixture_bound: tensors<Latents, Prior>(({ mu, logvar }, { m, s }) => ({
    loss: g.klMixtureBound(mu, logvar, { m, s }),
  })),
  vae_js_mc: tensors<Latents & { eps: Tensor; zp: Tensor }, Prior>(({ mu, logvar, eps, zp }, { m, s }) => ({
    loss: g.jsMonteCarlo(mu, logvar, eps, zp, { m, s }),
  })),
  vae_js_geometric: tensors<Latents, { alpha: number }>(({ mu, logvar }, { alpha }) => ({
    loss: g.jsGeometric(mu, logvar, { alpha }),
  })),
  vae_pw_mixture: tensors<Latents, Prior>(({ mu, logvar }, { m, s }) => ({
    loss: g.pointwiseWasserstein(mu, logvar, { m, s }),
  })),
  gaussian_w2: tensors<Latents & { mu2: Tensor; logvar2: Tensor }>(({ mu, logvar, mu2, logvar2 }) => ({
    loss: g.gaussianW2(mu, logvar, mu2, logvar2),
  })),
  gaussian_w2_full: tensors<Readonly<Record<"mu" | "cov" | "mu2" | "cov2", Tensor>>>(({ mu, cov, mu2, cov2 }) => ({
    w2sq: g.gaussianW2Full(mu, cov, mu2, cov2),
  })),
  sorted_wasserstein: tensors<{ z: Tensor; prior: Tensor }, { p: 1 | 2 }>(({ z, prior }, { p }) => ({
    loss: g.sortedWasserstein(z, prior, { p }),
  })),
};

type VadeInputs = Readonly<Record<"x" | "xhat" | "mu" | "logvar" | "eps" | "pi_logits" | "mu_c" | "logvar_c", Tensor>>;

const LOSSES: Adapters = {
  gaussian_nll: tensors<Latents & { x: Tensor }>(({ x, mu, logvar }) => ({ loss: g.gaussianNll(x, mu, logvar) })),
  vae_elbo: tensors<Latents & { x: Tensor; xhat: Tensor }, { beta: number }>(({ x, xhat, mu, logvar }, { beta }) => {
    const { loss, reconstruction, kl } = g.elbo(x, xhat, mu, logvar, { beta });
    return { loss, rec: reconstruction, kl };
  }),
  vade_loss: tensors<VadeInputs, { gammaGradient: boolean; beta: number }>((inputs, attrs) => {
    const mixture = { logits: inputs.pi_logits, means: inputs.mu_c, logvars: inputs.logvar_c };
    const terms = g.vadeLoss(inputs.x, inputs.xhat, inputs, mixture, attrs);
    return {
      ...{ loss: terms.loss, rec: terms.reconstruction, z_term: terms.latent, c_term: terms.assignment },
      ...{ gamma_entropy: terms.assignmentEntropy, q_entropy: terms.posteriorEntropy, gamma: terms.gamma, z: terms.z },
    };
  }),
  dec_gradient: tensors<{ z: Tensor; mu: Tensor }, { alpha: number }>(({ z, mu }, { alpha }) => {
    const { q, p, gradient, pull } = c.decGradient(z, mu, { alpha });
    return { q, p, grad_z: gradient, part_norm: pull };
  }),
};

const PICTURES: Adapters = {
  bilinear_resize: tensors<{ x: Tensor }, { size: Size }>(({ x }, { size }) => ({ y: c.bilinearResize(x, size) })),
  nearest_resize: tensors<{ x: Tensor }, { size: Size; mode: "nearest" | "nearest-exact" }>(
    ({ x }, { size, mode }) => ({ y: c.nearestResize(x, size, { mode }) }),
  ),
  hypercolumn: tensors<Readonly<Record<string, Tensor>>, Required<c.HypercolumnOptions>>(
    (layers, { size, mode, normalize }) => {
      const inOrder = Object.keys(layers).map((_, i) => layers[`f${i}`]!);
      return { y: c.hypercolumn(inOrder, { size, mode, normalize }) };
    },
  ),
  sobel: tensors<{ x: Tensor }>(({ x }) => ({ ...c.sobel(x) })),
  hog: tensors<{ image: Tensor }, Required<c.HogOptions>>(({ image }, options) => {
    const [h, w, channels = 1] = image.shape as [number, number, number?];
    const planes = c.transpose(c.reshape(image, [h, w, channels]), [2, 0, 1]);
    const { orientations, pixelsPerCell, cellsPerBlock, blockNorm } = options;
    const y = c.hog(c.reshape(planes, [1, channels, h, w]), { orientations, pixelsPerCell, cellsPerBlock, blockNorm });
    return { hog: c.reshape(y, y.shape.slice(1)) };
  }),
};

/** [h, w] of the case as one image. */
const mask = (device: c.Device, x: Values): Tensor => c.indices(device, numbers(x), [1, ...x.shape]);

const OBJECTS: Adapters = {
  connected_components: onDevice<{ mask: Values }, { connectivity: g.Connectivity }>(
    async (inputs, { connectivity }, { device }) => {
      const { labels, count } = g.connectedComponents(mask(device, inputs.mask), { connectivity });
      return { labels: { data: await words(labels), shape: inputs.mask.shape }, count: (await words(count))[0]! };
    },
  ),
  component_stats: onDevice<{ labels: Values }, { count: number }>(async ({ labels }, { count }, { device }) => {
    const rows = await words(g.componentStatistics(mask(device, labels), Math.max(1, count)));
    const row = (i: number): Float64Array => rows.subarray(10 * i, 10 * i + 10);
    const slots = Array.from({ length: count }, (_, i) => i);
    return {
      area: { data: slots.map((i) => row(i)[0]!), shape: [count] },
      centroid: { data: slots.flatMap((i) => [row(i)[1]!, row(i)[2]!]), shape: [count, 2] },
    };
  }),
  select_object: onDevice<{ mask: Values }, { connectivity: g.Connectivity; mode: "centre" | "largest"; centre: Size }>(
    async (inputs, { connectivity, mode, centre }, { device }) => {
      const picked = g.selectObject(mask(device, inputs.mask), { connectivity, by: mode, centre });
      const row = await words(picked.statistics);
      return {
        mask: { data: await words(picked.mask), shape: inputs.mask.shape },
        area: row[0]!,
        centroid: row.slice(1, 3),
        bbox: row.slice(3, 7),
      };
    },
  ),
};

const HOST: Adapters = {
  mixture_quantiles: onHost<unknown, Prior & { n: number }>((_, { m, s, n }) => ({
    q: g.mixtureQuantiles(n, { m, s }),
  })),
  roc_auc: onHost<{ y_true: Values; score: Values }>(({ y_true, score }) => {
    const auc = c.auc(y_true, score);
    return { auc, auc_unsigned: c.auc(y_true, score, { signed: false }), flipped: Number(auc < 0.5) };
  }),
  threshold_at_prior: onHost<{ score: Values }, { prior: number; side: "high" | "low" }>(
    ({ score }, { prior, side }) => {
      const { labels, k, threshold } = c.thresholdAtPrior(score, prior, { side });
      return { labels, k, threshold };
    },
  ),
  sg_render: onHost<unknown, Readonly<Record<"size" | "re" | "n" | "q" | "theta" | "x0" | "y0" | "fwhm", number>>>(
    (_, { size, re, n, q, theta, x0, y0, fwhm }) => {
      const shape = { effectiveRadius: re, sersicIndex: n, axisRatio: q, angle: theta, x: x0, y: y0, fwhm };
      return { image: { data: renderSource(shape, size), shape: [5, size, size] } };
    },
  ),
};

export const GENERATIVE: Adapters = { ...DIVERGENCES, ...LOSSES, ...PICTURES, ...OBJECTS, ...HOST };
