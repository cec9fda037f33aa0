// What neighbours, mixtures, spectra, hierarchies, manifolds and preparations make of bad input: a result without NaN, or one line that names what was called.
import { DBSCAN, KMeans, MiniBatchKMeans, PCA, SphericalKMeans } from "constella";
import type { Device, MatrixLike } from "constella";
import { chooseK } from "constella/methods";
import { describe, expect, test } from "vitest";
import { AgglomerativeClustering, BayesianGaussianMixture, GaussianMixture, HDBSCAN, OPTICS } from "../../src/density";
import { ClassicalMDS, Isomap, trustworthiness, TSNE, tsneAffinities, UMAP } from "../../src/manifold";
import { kNeighbours, knnGraph, SparseMatrix } from "../../src/neighbours";
import { Imputer, MinMaxScaler, RobustScaler, StandardScaler } from "../../src/preprocessing";
import { LDMGI, SEC, SpectralClustering, SpectralEmbedding } from "../../src/spectral";
import { DEVICES } from "../device-types";
import { deviceOf } from "../devices";
import { uniforms } from "../uniforms";

const table = (n: number, d: number, value: (i: number, c: number) => number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: d }, (__, c) => value(i, c)));

const random = uniforms(3);
/** Two groups, apart. */
const GROUPS = table(12, 2, (i) => random() + 5 * (i % 2));
const scaled = (factor: number): number[][] => GROUPS.map((row) => row.map((value) => value * factor));
const withRow = (row: number[]): number[][] => GROUPS.map((own, i) => (i === 3 ? row : own));
const as = (x: unknown): MatrixLike => x as MatrixLike;

/** What is no matrix of finite numbers: refused by all of them. */
const NONE: Readonly<Record<string, readonly [x: MatrixLike, rule: RegExp]>> = {
  empty: [[], /must be a matrix|must be a square matrix/],
  "no columns": [[[], []], /has no elements|must have rows and columns|square/],
  NaN: [withRow([NaN, 1]), /must be finite, got NaN at row 3, column 0|square/],
  infinity: [withRow([1, -Infinity]), /must be finite, got -Infinity at row 3, column 1|square/],
  text: [as([["a", 1], [1, 2]]), /must hold numbers, got "a" at row 0, column 0/], // prettier-ignore
  ragged: [[[1, 2], [3], [4, 5]], /must not be ragged, row 1 has 1 values, the first has 2/], // prettier-ignore
  "a list": [as([1, 2, 3, 4, 5, 6]), /must be a matrix|square/],
  pictures: [{ data: new Float32Array(24), shape: [6, 2, 2] }, /must be a matrix|square/],
  nothing: [as(undefined), /must be an ndarray, \{ data, shape \} or rows of numbers, got undefined/],
  "a sparse matrix": [as(new SparseMatrix([2, 2], [0, 2, 4], [0, 1, 0, 1], [1, 2, 3, 4])), /sparse matrix/],
};

/** Few points, equal ones, far ones, sizes at the ends of what numbers hold: done, or refused as a method says. */
const HARD = {
  "one point": [[1, 2]],
  "three points": [[1, 2], [3, 5], [4, 1]], // prettier-ignore
  constant: table(12, 2, () => 0.5),
  duplicates: table(24, 2, (i, c) => [[0, 1], [1, 3], [5, 5], [5, 9]][i % 4]![c]!), // prettier-ignore
  "far parts": table(24, 2, (i) => random() + 1000 * (i % 2)),
  "far from 0": GROUPS.map((row) => row.map((value) => value + 1e9)),
  "one column": table(12, 1, () => random()),
  "1e37": scaled(1e37),
  "1e300": scaled(1e300),
  "1e-300": scaled(1e-300),
};

interface Row {
  readonly op: string;
  run(x: MatrixLike, device: Device): Promise<readonly unknown[]>;
  readonly refuses: Partial<Record<keyof typeof HARD | keyof typeof NONE, RegExp>>;
  /** Whether WebGPU has nothing of its own here: it computes on no device, or by what another row computes. */
  readonly plain?: boolean;
  /** Kinds of no matrix that it takes all the same. */
  readonly takes?: readonly string[];
}

/** What `fit` of a model comes to. */
const fitting =
  <M extends { fit(x: MatrixLike): Promise<M>; dispose?(): void }>(
    make: (device: Device) => M,
    results: (model: M, x: MatrixLike) => readonly unknown[],
  ) =>
  async (x: MatrixLike, device: Device): Promise<readonly unknown[]> => {
    const model = make(device);
    try {
      await model.fit(x);
      return await Promise.all(results(model, x));
    } finally {
      model.dispose?.();
    }
  };

const SIZES = /the largest of x must be between 1e-100 and 1e\+100 in size, got [\d.]+e[+-]\d+$/;
const ENDS = { "1e300": SIZES, "1e-300": SIZES };
const few = (what: string): Row["refuses"] => ({
  "one point": new RegExp(`${what}, (x has|got) 1$`),
  "three points": new RegExp(`${what}, (x has|got) 3$`),
});
const neighbours = (rule: string): Row["refuses"] => ({
  "one point": new RegExp(`${rule} the number of points, got 5 for 1$`),
  "three points": new RegExp(`${rule} the number of points, got 5 for 3$`),
});
/** The same of the two rows of a sparse matrix. */
const tooFewSparse = (rule: string): Row["refuses"] => ({
  "a sparse matrix": new RegExp(`${rule} the number of points, got 5 for 2$`),
});
const FOUR = few("4 clusters need as many points");
const k = 4;

const ROWS: readonly Row[] = [
  { op: "KMeans.fit", run: fitting((device) => new KMeans({ nClusters: k, nInit: 2, device }), (m) => [m.labels, m.clusterCenters, m.inertia]), refuses: { ...FOUR, ...ENDS } }, // prettier-ignore
  { op: "MiniBatchKMeans.fit", run: fitting((device) => new MiniBatchKMeans({ nClusters: k, device }), (m) => [m.labels, m.clusterCenters]), refuses: { ...FOUR, ...ENDS } }, // prettier-ignore
  { op: "SphericalKMeans.fit", run: fitting((device) => new SphericalKMeans({ nClusters: k, nInit: 2, device }), (m) => [m.labels, m.clusterCenters, m.inertia]), refuses: FOUR }, // prettier-ignore
  { op: "PCA.fit", run: fitting((device) => new PCA({ nComponents: 1, device }), (m, x) => [m.transform(x), m.explainedVarianceRatio]), refuses: { "one point": /a variance needs two points, x has 1/, ...ENDS } }, // prettier-ignore
  { op: "GaussianMixture.fit", run: fitting((device) => new GaussianMixture({ nComponents: k, device }), (m) => [m.labels, m.means, m.weights, m.covariances]), refuses: { ...few("4 components need as many points"), ...ENDS, "1e37": /component \d: the matrix must be positive definite, got a pivot of \S+ in row 1; raise regCovar, or scale x/ } }, // prettier-ignore
  { op: "BayesianGaussianMixture.fit", run: fitting((device) => new BayesianGaussianMixture({ nComponents: k, device }), (m) => [m.labels, m.means, m.weights]), refuses: { ...few("4 components need as many points"), ...ENDS } }, // prettier-ignore
  ...([0.5, "knee", "stable"] as const).map((eps): Row => ({ op: "DBSCAN.fit", run: fitting((device) => new DBSCAN({ eps, device }), (m) => [m.labels, m.eps]), refuses: { "1e300": /x must hold numbers that fit float32, got \S+ at row 0, column 0/ } })), // prettier-ignore
  {
    op: "OPTICS.fit",
    run: fitting(
      (device) => new OPTICS({ device }),
      (m) => [m.labels],
    ),
    refuses: ENDS,
  },
  { op: "OPTICS.fit", run: fitting((device) => new OPTICS({ device, maxEps: 2, clusterMethod: "dbscan" }), (m) => [m.labels]), refuses: ENDS }, // prettier-ignore
  { op: "HDBSCAN.fit", run: fitting((device) => new HDBSCAN({ device }), (m) => [m.labels, m.probabilities, m.outlierScores]), refuses: { "one point": /a hierarchy needs two points, got 1/, ...ENDS } }, // prettier-ignore
  ...(["ward", "single", "complete", "average"] as const).map((linkage): Row => ({ op: "AgglomerativeClustering.fit", plain: true, run: fitting(() => new AgglomerativeClustering({ nClusters: k, linkage }), (m) => [m.labels, m.distances]), refuses: { ...FOUR, ...ENDS } })), // prettier-ignore
  { op: "AgglomerativeClustering.fit", plain: true, run: fitting(() => new AgglomerativeClustering({ distanceThreshold: 1 }), (m) => [m.labels, m.distances]), refuses: ENDS }, // prettier-ignore
  { op: "SpectralClustering.fit", run: fitting((device) => new SpectralClustering({ nClusters: k, device }), (m) => [m.labels, m.embedding]), refuses: { ...FOUR, "a sparse matrix": /4 clusters need as many points, got 2/, "1e37": /gamma must suit the squared distances, got 1, which gives every pair of points the weight 0/, "1e300": /values must differ by what fits float32/, "1e-300": /gamma must suit .* the weight 1/ } }, // prettier-ignore
  { op: "SpectralClustering.fit", run: fitting((device) => new SpectralClustering({ nClusters: k, device, affinity: "knn", nNeighbors: 5 }), (m) => [m.labels, m.embedding]), refuses: { ...neighbours("nNeighbors must be at most"), ...tooFewSparse("nNeighbors must be at most"), ...ENDS } }, // prettier-ignore
  { op: "SpectralEmbedding.fit", run: fitting((device) => new SpectralEmbedding({ device, affinity: "knn", nNeighbors: 5 }), (m) => [m.embedding]), refuses: { ...neighbours("nNeighbors must be at most"), ...tooFewSparse("nNeighbors must be at most"), ...ENDS } }, // prettier-ignore
  { op: "SEC.fit", plain: true, run: fitting((device) => new SEC({ nClusters: k, device }), (m) => [m.labels, m.embedding]), refuses: { ...neighbours("neighbors must be less than"), ...tooFewSparse("neighbors must be less than"), ...ENDS } }, // prettier-ignore
  { op: "LDMGI.fit", run: fitting((device) => new LDMGI({ nClusters: k, device }), (m) => [m.labels, m.embedding]), refuses: { ...neighbours("cliqueSize must be at most"), ...tooFewSparse("cliqueSize must be at most"), ...ENDS, "1e37": /lambda must not be lost beside the squared distances of neighbours/ } }, // prettier-ignore
  { op: "Isomap.fit", run: fitting((device) => new Isomap({ device }), (m) => [m.embedding, m.eigenvalues]), refuses: { ...neighbours("nNeighbors must be less than"), ...ENDS } }, // prettier-ignore
  { op: "TSNE.fit", run: fitting((device) => new TSNE({ device, perplexity: 3, maxIter: 30 }), (m) => [m.embedding, m.klDivergence]), refuses: { "one point": /perplexity must be below n − 1 = 0, got 3/, "three points": /perplexity must be below n − 1 = 2, got 3/, ...ENDS } }, // prettier-ignore
  { op: "UMAP.fit", run: fitting((device) => new UMAP({ device, nEpochs: 5 }), (m) => [m.embedding]), refuses: { "one point": /neighbours need two points, got 1/, ...ENDS } }, // prettier-ignore
  { op: "UMAP.fit", run: fitting((device) => new UMAP({ device, nEpochs: 5, metric: "cosine" }), (m) => [m.embedding]), refuses: { "one point": /neighbours need two points, got 1/ } }, // prettier-ignore
  { op: "tsneAffinities", plain: true, run: async (x) => [(await tsneAffinities(x, 3)).p], refuses: { "one point": /perplexity must be below n − 1 = 0, got 3/, "three points": /perplexity must be below/, ...ENDS } }, // prettier-ignore
  { op: "trustworthiness", plain: true, run: async (x) => [await trustworthiness(x, x, 2)], refuses: { "one point": /k must be below half the number of points, got 2 for 1/, "three points": /k must be below half the number of points, got 2 for 3/ } }, // prettier-ignore
  { op: "knnGraph", run: async (x, device) => Object.values(await knnGraph(x, 5, { device })), refuses: { ...neighbours("k must be less than"), ...tooFewSparse("k must be less than"), ...ENDS } }, // prettier-ignore
  { op: "chooseK", plain: true, run: async (x, device) => { const { labels, k: chosen } = await chooseK((nClusters) => new KMeans({ nClusters, nInit: 1, device }), x, [2, 4], { references: 3, device }); return [labels, chosen]; }, refuses: { "one point": /range must be two whole numbers.* got \[2,4\]/, "three points": /range must be/, ...ENDS } }, // prettier-ignore
  {
    op: "StandardScaler.fit",
    plain: true,
    run: async (x) => [await new StandardScaler().fitTransform(x)],
    refuses: {},
  },
  { op: "MinMaxScaler.fit", plain: true, run: async (x) => [await new MinMaxScaler().fitTransform(x)], refuses: {} },
  { op: "RobustScaler.fit", plain: true, run: async (x) => [await new RobustScaler().fitTransform(x)], refuses: {} },
  {
    op: "Imputer.fit",
    plain: true,
    run: async (x) => [await new Imputer().fitTransform(x)],
    refuses: {},
    takes: ["NaN"],
  },
];

/** The one line of an error. */
function lineOf(error: unknown, op: string): string {
  expect(error).toBeInstanceOf(Error);
  const { message, stack, constructor } = error as Error;
  expect(constructor, stack).toBe(Error);
  expect(message.startsWith(`${op}: `), message).toBe(true);
  expect(message).not.toMatch(/\n|\bundefined\b(?<!got undefined)/);
  return message;
}

/** Numbers of anything that a method gives. */
const numbersOf = (result: unknown): readonly number[] => {
  const data = typeof result === "object" && "data" in result! ? result.data : result;
  return typeof data === "number" ? [data] : Array.from(data as ArrayLike<number>);
};

async function done(row: Row, x: MatrixLike, alike?: number, type: Device["type"] = "wasm"): Promise<void> {
  const results = await row.run(x, await deviceOf(type));
  for (const result of results) expect(numbersOf(result).findIndex((value) => !Number.isFinite(value))).toBe(-1);
  const [labels] = results;
  if (!(labels instanceof Int32Array)) return;
  expect(labels).toHaveLength((x as number[][]).length);
  expect(labels.every((label) => label >= -1 && label < 12)).toBe(true);
  if (alike) expect([...labels]).toEqual([...labels].map((_, i) => labels[i % alike]!));
}

async function refused(
  row: Pick<Row, "op" | "run">,
  x: MatrixLike,
  rule: RegExp,
  type: Device["type"] = "wasm",
): Promise<void> {
  const error = await row.run(x, await deviceOf(type)).then(
    () => new Error(`${row.op} took it`),
    (reason: unknown) => reason,
  );
  expect(lineOf(error, row.op)).toMatch(rule);
}

describe.each(ROWS.map((row, i) => [`${row.op} ${i}`, row] as const))("%s", (_, row) => {
  test("what is no matrix of finite numbers is refused", async () => {
    for (const [name, [x, rule]] of Object.entries(NONE))
      if (!row.takes?.includes(name)) await refused(row, x, row.refuses[name as keyof typeof NONE] ?? rule);
  });

  // what is no matrix is told before a device is asked
  test.each(row.plain ? DEVICES.slice(0, 1) : DEVICES)(
    "few, equal and far points are worked on, or refused: %s",
    async (type) => {
      for (const [name, x] of Object.entries(HARD)) {
        const rule = row.refuses[name as keyof typeof HARD];
        await (rule ? refused(row, x, rule, type) : done(row, x, name === "duplicates" ? 4 : undefined, type));
      }
    },
  );
});

/** Graphs and distances that are given, each with what is wrong with it for a graph, for distances and for probabilities of three points; null: nothing. */
const GIVEN: readonly (readonly [x: unknown, graph: RegExp | null, distances: RegExp | null, probabilities: RegExp])[] =
  [
    [[[0, 1, 2], [1, 0, 2]], /must be a square matrix, got \[2, 3\]/, /must be a square matrix, got shape \[2, 3\]/, /must be \[3, 3\], got \[2, 3\]/], // prettier-ignore
    [[[0, 1, 2], [2, 0, 1], [2, 1, 0]], /must be symmetric, got 1 and 2 at rows 0 and 1/, /must be symmetric, got 2 and 1/, /must be symmetric/], // prettier-ignore
    [[[0, -1, 1], [-1, 0, 1], [1, 1, 0]], /not negative, got -1 at row 0, column 1/, /not negative, got -1 at row 1, column 0/, /not negative, got -1/], // prettier-ignore
    [[[0, NaN, 1], [NaN, 0, 1], [1, 1, 0]], /must be finite, got NaN at row 0, column 1/, /must be finite .* got NaN/, /got NaN/], // prettier-ignore
    [[[1, 1, 1], [1, 1, 1], [1, 1, 1]], null, /a point has no distance to itself, got 1 at row 0/, /must sum to 1, got 9/], // prettier-ignore
    [
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
      null,
      null,
      /must sum to 1, got 0/,
    ],
    [[[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], null, null, /must be \[3, 3\], got \[4, 4\]/], // prettier-ignore
    [
      [
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 0],
      ],
      null,
      null,
      /must sum to 1, got 2/,
    ],
    [[[0]], /2 clusters need as many points, got 1|less than the number of points, 1, got 1/, null, /got \[1, 1\]/],
    [[[0, 1e200, 1], [1e200, 0, 1], [1, 1, 0]], null, /the largest of distances must be between/, /must sum to 1/], // prettier-ignore
    [new SparseMatrix([2, 3], [0, 1, 2], [0, 2], [1, 1]), /must be square, got \[2, 3\]/, /sparse/, /must be \[3, 3\]/],
    [new SparseMatrix([2, 2], [0, 1, 1], [1], [1]), /must be symmetric, got 1 and 0/, /sparse/, /must be \[3, 3\]/],
    [new SparseMatrix([2, 2], [0, 1, 2], [1, 0], [-1, -1]), /not negative, got -1/, /sparse/, /must be \[3, 3\]/],
    [new SparseMatrix([2, 2], [0, 1, 2], [1, 0], [NaN, NaN]), /must be finite .* got NaN/, /sparse/, /must be \[3, 3\]/], // prettier-ignore
    [new SparseMatrix([3, 3], [0, 0, 0, 0], [], []), null, /sparse/, /must sum to 1, got 0/],
  ];
const PRECOMPUTED = { affinity: "precomputed" } as const;
const TAKING: readonly (readonly [column: 1 | 2 | 3, row: Pick<Row, "op" | "run">])[] = [
  [1, { op: "SpectralClustering.fit", run: fitting((device) => new SpectralClustering({ nClusters: 2, device, ...PRECOMPUTED }), (m) => [m.embedding]) }], // prettier-ignore
  [1, { op: "SpectralEmbedding.fit", run: fitting((device) => new SpectralEmbedding({ nComponents: 1, device, ...PRECOMPUTED }), (m) => [m.embedding]) }], // prettier-ignore
  [
    2,
    {
      op: "ClassicalMDS.fit",
      run: fitting(
        () => new ClassicalMDS({ nComponents: 1 }),
        (m) => [m.embedding],
      ),
    },
  ],
  [3, { op: "TSNE.fit", run: async (probabilities, device) => [await new TSNE({ device, perplexity: 1, maxIter: 5 }).fitTransform([[1, 2], [3, 4], [5, 7]], { probabilities })] }], // prettier-ignore
];

test.each(TAKING.map(([column, row]) => [row.op, column, row] as const))(
  "%s: a graph, distances or probabilities that are none, are in parts or empty",
  async (_, column, row) => {
    for (const given of GIVEN) {
      const [x, rule] = [as(given[0]), given[column]];
      await (rule === null ? done({ ...row, refuses: {} }, x) : refused(row, x, rule));
    }
  },
);

test("a symmetric sparse matrix is a graph, and no points", async () => {
  const spectral = fitting((device) => new SpectralClustering({ nClusters: 2, device }), (m) => [m.labels]); // prettier-ignore
  const x = as(new SparseMatrix([2, 2], [0, 1, 2], [1, 0], [1, 1]));
  await refused(
    { op: "SpectralClustering.fit", run: spectral },
    x,
    /a symmetric sparse matrix of weights needs affinity "precomputed", got affinity "rbf"/,
  );
});

/** What takes new rows, and what it says of rows that are too far, where it says something. */
type Asked = readonly [op: string, ask: (device: Device) => Promise<(x: MatrixLike) => Promise<unknown>>, far?: RegExp];

/** Of fitted models. */
const NEW: readonly Asked[] = [
  // prettier-ignore
  ["KMeans.predict", async (device) => { const m = await new KMeans({ nClusters: 2, device }).fit(GROUPS); return (x) => m.predict(x); }, SIZES], // prettier-ignore
  ["PCA.transform", async (device) => { const m = await new PCA({ nComponents: 1, device }).fit(GROUPS); return (x) => m.transform(x); }, SIZES], // prettier-ignore
  ["GaussianMixture.softAssignments", async (device) => { const m = await new GaussianMixture({ nComponents: 2, device }).fit(GROUPS); return (x) => m.softAssignments(x); }, /rows must be near enough for their densities to fit float64, got row 0/], // prettier-ignore
  ["BayesianGaussianMixture.scoreSamples", async (device) => { const m = await new BayesianGaussianMixture({ nComponents: 2, device }).fit(GROUPS); return (x) => m.scoreSamples(x); }, /rows must be near enough .* got row 0/], // prettier-ignore
  ["DBSCAN.predict", async (device) => { const m = await new DBSCAN({ device }).fit(GROUPS); return (x) => m.predict(x); }, /must hold numbers that fit float32/], // prettier-ignore
  ["HDBSCAN.predict", async (device) => { const m = await new HDBSCAN({ device }).fit(GROUPS); return (x) => m.predict(x); }], // prettier-ignore
  ["Isomap.transform", async (device) => { const m = await new Isomap({ device }).fit(GROUPS); return (x) => m.transform(x); }, /values must differ by what fits float32/], // prettier-ignore
  ["UMAP.transform", async (device) => { const m = await new UMAP({ device, nEpochs: 5 }).fit(GROUPS); return (x) => m.transform(x); }, /values must differ by what fits float32/], // prettier-ignore
  ["StandardScaler.transform", async () => { const m = await new StandardScaler().fit(GROUPS); return (x) => m.transform(x); }], // prettier-ignore
  ["kNeighbours", (device) => Promise.resolve((x) => kNeighbours(x, GROUPS, 3, { device }).then(({ distances }) => distances)), /values must differ by what fits float32/], // prettier-ignore
];

test.each(
  NEW.flatMap((asked) => {
    const types = asked[0] === "StandardScaler.transform" ? DEVICES.slice(0, 1) : DEVICES;
    return types.map((type) => [asked[0], type, asked] as const);
  }),
)("%s on %s: new rows that are none, and far ones", async (op, type, [, ask, far]) => {
  const asked = await ask(await deviceOf(type));
  const row = { op, run: async (x: MatrixLike) => [await asked(x)] };
  const none = type === "wasm" ? Object.values(NONE) : []; // told before a device is asked
  for (const [x, rule] of none) await refused(row, x, rule);
  await refused(row, [[1, 2, 3]], /must have 2 columns, got 3/);
  for (const x of [HARD["one point"], HARD.constant, HARD["far from 0"]]) await done({ ...row, refuses: {} }, x);
  await (far ? refused(row, HARD["1e300"], far) : done({ ...row, refuses: {} }, HARD["1e300"]));
});
