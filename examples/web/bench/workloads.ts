// What is timed: ops with their gradients, estimators and optimizers, which between them launch every kernel of the library.
import * as c from "constella";
import { FAMILIES } from "./families";
import { backAndForth, labelsOf, made, step, values } from "./workload";
import type { Workload } from "./workload";

const N = [1 << 16, 1 << 20, 1 << 22] as const;

/** The workloads in the order of the page. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "matrix product",
    sizes: { m: [128, 512, 1024], k: [128, 512, 1024], n: [128, 512, 1024] },
    run: (device, { m, k, n }) =>
      backAndForth([made(device, [m!, k!]), made(device, [k!, n!], 2)], (a, b) => c.matmul(a, b)),
  },
  {
    name: "linear layer",
    sizes: { batch: [64, 256, 256], in: [128, 784, 2000], out: [64, 500, 2000] },
    run: (device, { batch, in: d, out }) =>
      backAndForth([made(device, [batch!, d!]), made(device, [out!, d!], 2), made(device, [out!], 3)], (x, w, b) =>
        c.linear(x, w, b, { activation: "relu" }),
      ),
  },
  {
    name: "convolution",
    sizes: { batch: [4, 16, 64], in: [8, 16, 32], out: [8, 32, 64], side: [16, 32, 45], kernel: 3 },
    run: (device, { batch, in: i, out, side, kernel }) =>
      backAndForth([made(device, [batch!, i!, side!, side!]), made(device, [out!, i!, kernel!, kernel!], 2)], (x, w) =>
        c.conv2d(x, w, undefined, { padding: "same" }),
      ),
  },
  {
    name: "pooling and upsampling",
    sizes: { batch: [4, 16, 64], channels: [8, 16, 32], side: [16, 32, 64] },
    run: (device, { batch, channels, side }) => {
      const x = made(device, [batch!, channels!, side!, side!]);
      backAndForth([x], (t) => c.maxPool2d(t, 2));
      backAndForth([x], (t) => c.avgPool2d(t, 2));
      backAndForth([x], (t) => c.upsampleBilinear(t, 2));
    },
  },
  {
    name: "batch normalisation",
    sizes: { batch: [8, 32, 64], channels: [8, 16, 32], side: [16, 32, 45] },
    run: (device, { batch, channels, side }) => {
      const [x, gamma, beta] = [
        made(device, [batch!, channels!, side!, side!]),
        made(device, [channels!], 2),
        made(device, [channels!], 3),
      ];
      backAndForth([x, gamma, beta], (t, g, b) => c.batchNorm(t, { gamma: g, beta: b, activation: "relu" }));
      const running = { mean: c.zeros(device, [channels!]), variance: c.ones(device, [channels!]) };
      c.tidy(() => c.batchNorm(x, { gamma, beta, running }));
    },
  },
  {
    name: "rows: softmax, layer and l2 norm",
    sizes: { n: [256, 4096, 8192], d: [64, 256, 512] },
    run: (device, { n, d }) => {
      const x = made(device, [n!, d!]);
      backAndForth([x], (t) => c.softmax(t));
      backAndForth([x, made(device, [d!], 2), made(device, [d!], 3)], (t, g, b) => c.layerNorm(t, g, b));
      backAndForth([x], (t) => c.l2Normalize(t));
      c.tidy(() => c.argmax(x, 1));
    },
  },
  {
    name: "cross-entropy",
    sizes: { n: [256, 4096, 16384], k: [10, 100, 256] },
    run: (device, { n, k }) => {
      const labels = labelsOf(device, n!, k!);
      backAndForth([made(device, [n!, k!])], (x) => c.crossEntropy(x, labels));
    },
  },
  {
    name: "losses of elements",
    sizes: { n: N },
    run: (device, { n }) => backAndForth([made(device, [n!]), made(device, [n!], 2)], (a, b) => c.mse(a, b)),
  },
  {
    name: "elements",
    sizes: { n: N },
    run: (device, { n }) => {
      const x = made(device, [n! / 64, 64]);
      backAndForth([x], (t) => c.tanh(t));
      c.tidy(() => [c.mul(x, x), c.add(x, made(device, [64], 2)), c.sum(x), c.sum(x, [0]), c.zeros(device, [n!])]);
    },
  },
  {
    name: "dropout and random numbers",
    sizes: { n: N },
    run: (device, { n }) => {
      const x = made(device, [n!]);
      c.tidy(() => [c.dropout(x, 0.5, new c.Random(1)), c.randomNormal(device, [n!], new c.Random(2))]);
    },
  },
  {
    name: "moving: transpose, slice, gather, scatter",
    sizes: { n: [256, 2048, 4096], d: [64, 512, 1024] },
    run: (device, { n, d }) => {
      const x = made(device, [n!, d!]);
      const rows = labelsOf(device, n!, n!);
      c.tidy(() => [c.transpose(x), c.slice(x, [1, 1], [n! - 1, d! - 1])]);
      backAndForth([x], (t) => c.gatherRows(t, rows));
    },
  },
  {
    name: "LSTM, two directions",
    sizes: { batch: [4, 16, 25], steps: [12, 36, 72], units: [32, 96, 288] },
    run: (device, { batch, steps, units }) => {
      const [n, t, h] = [batch!, steps!, units!];
      const limit = 1 / Math.sqrt(h); // larger weights make the recurrence chaotic: two devices would part within some steps
      backAndForth(
        [
          made(device, [n, t, h]),
          made(device, [2, 4 * h, h], 2, limit),
          made(device, [2, 4 * h, h], 3, limit),
          made(device, [2, 4 * h], 4, limit),
        ],
        (x, w, u, b) => c.lstm(x, w, u, b),
      );
    },
  },
  {
    name: "DEC's loss",
    sizes: { n: [256, 4096, 16384], k: [10, 10, 100], d: 10 },
    run: (device, { n, k, d }) => {
      const [z, mu] = [made(device, [n!, d!]), made(device, [k!, d!], 2)];
      const target = c.noGrad(() => c.decTarget(c.studentT(z, mu)));
      backAndForth([z, mu], (a, b) => c.decLoss(a, b, target));
    },
  },
  {
    name: "losses of pairs",
    sizes: { sets: [4, 16, 32], n: [24, 72, 144], k: 5 },
    run: (device, { sets, n, k }) => {
      const labels = labelsOf(device, sets! * n!, k!, [sets!, n!]);
      const counts = c.keep(c.softmax(made(device, [sets!, k!])));
      const logits = Array.from({ length: k! }, (_, i) => made(device, [sets!, n!, i + 1], i + 2));
      backAndForth(logits, (...all) =>
        c.pairwiseCrossEntropy(
          counts,
          all.map((x) => c.softmax(x)),
          labels,
        ),
      );
    },
  },
  {
    name: "pairwise distances",
    sizes: { n: [256, 2048, 4096], m: [10, 512, 2048], d: [32, 64, 128] },
    run: (device, { n, m, d }) => {
      c.tidy(() => c.pairwiseSquaredDistance(made(device, [n!, d!]), made(device, [m!, d!], 2)));
    },
  },
  {
    name: "principal axes of sets",
    sizes: { sets: [8, 64, 512], n: [20, 72, 72], d: [16, 64, 256], axes: 4 },
    run: (device, { sets, n, d, axes }) => {
      // columns fall off, so that an axis is told from the next
      const x = values(sets! * n! * d!).map((value, i) => value * 0.6 ** (i % d!));
      c.tidy(() => c.principalAxes(c.tensor(device, x, [sets!, n!, d!]), axes!));
    },
  },
  {
    name: "k-means",
    sizes: { n: [1000, 10000, 70000], d: [16, 64, 784], k: 10 },
    run: async (device, { n, d, k }) => {
      await new c.KMeans({ nClusters: k!, nInit: 1, maxIter: 2, device }).fit(
        c.tensor(device, values(n! * d!), [n!, d!]),
      );
    },
  },
  {
    // one pass: of the next, which distances are left out is decided by last digits, in which devices differ
    name: "k-means of wide points",
    sizes: { n: [4096, 16_384, 70_000], d: [512, 784, 784], k: [8, 10, 10] },
    run: async (device, { n, d, k }) => {
      await new c.KMeans({ nClusters: k!, init: "random", nInit: 1, maxIter: 1, device }).fit(
        c.tensor(device, values(n! * d!), [n!, d!]),
      );
    },
  },
  {
    name: "k-means of many centres",
    sizes: { n: [5000, 65_536, 500_000], d: [16, 45, 45], k: [512, 4096, 16_384] },
    run: async (device, { n, d, k }) => {
      await new c.KMeans({ nClusters: k!, init: "random", nInit: 1, maxIter: 1, device }).fit(
        c.tensor(device, values(n! * d!), [n!, d!]),
      );
    },
  },
  {
    name: "Sinkhorn",
    sizes: { n: [500, 4000, 20000], k: [10, 64, 256] },
    run: async (device, { n, k }) => {
      const logp = c.keep(c.tidy(() => c.logSoftmax(c.tensor(device, values(n! * k!), [n!, k!]))));
      await c.sinkhorn(logp, { lambda: 25, maxIterations: 12, checkEvery: 3 });
    },
  },
  {
    name: "augmentation",
    sizes: { batch: [8, 32, 128], side: [32, 45, 64] },
    run: (device, { batch, side }) => {
      const x = made(device, [batch!, 3, side!, side!]);
      const jitter = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
      c.tidy(() => c.augment(x, { flip: 0.5, rotate: 20, crop: { padding: 4 }, jitter }, new c.Random(3)));
    },
  },
  {
    name: "spectrogram",
    sizes: { batch: [1, 4, 16], samples: [8000, 16000, 48000] },
    run: (device, { batch, samples }) => {
      c.tidy(() => c.powerSpectrogram(c.tensor(device, values(batch! * samples!), [batch!, samples!])));
    },
  },
  {
    name: "clipping of gradients",
    sizes: { n: N },
    run: (device, { n }) => {
      c.tidy(() => {
        const { gradients, norm } = c.clipGradientNorm([c.tensor(device, values(n!))], 1);
        return [...gradients, norm];
      });
    },
  },
  ...FAMILIES,
  { name: "SGD", sizes: { n: N }, run: step((params) => new c.SGD(params, { lr: 1e-3 })) },
  { name: "SGD with momentum", sizes: { n: N }, run: step((params) => new c.SGD(params, { lr: 1e-3, momentum: 0.9 })) },
  { name: "Adam", sizes: { n: N }, run: step((params) => new c.Adam(params)) },
  { name: "RMSprop", sizes: { n: N }, run: step((params) => new c.RMSprop(params)) },
  { name: "Adadelta", sizes: { n: N }, run: step((params) => new c.Adadelta(params)) },
];
