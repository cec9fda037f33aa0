// Neighbours, places, mixtures, hierarchies and spectra, each beside what people reach for today.
import { adjustedRandIndex, PCA, requestDevice } from "constella";
import * as contenders from "../contenders/neighbours";
import type { RowsProblem } from "../contenders/neighbours";
import { array, uniform, workload } from "../workload";
import type { AnyWorkload, Contender, Result } from "../workload";
import { oursOnTwo } from "./entrants";
import { mnistPixels } from "./problems";

/** Rows that a check looks at. */
const LOOKED_AT = 200;

/** The first n of MNIST's digits along fifty principal axes. */
async function digits(n: number): Promise<Float32Array> {
  const device = await requestDevice("wasm", { threads: 1, deterministic: true });
  const pca = new PCA({ nComponents: 50, solver: "covariance", device });
  const scores = await pca.fitTransform({ data: mnistPixels(n), shape: [n, 784] });
  await device.destroy();
  return Float32Array.from(scores.data);
}

/** Normal numbers (Box and Muller) of two seeds. */
function normal(length: number, radius: number, angle: number): Float32Array {
  const [u, v] = [uniform(length, radius, 0, 1), uniform(length, angle, 0, 2 * Math.PI)];
  return u.map((value, i) => Math.sqrt(-2 * Math.log(1 - value)) * Math.cos(v[i]!));
}

/** Groups of unit width in a box of side `span`, in a plane each in a cell of its own, and a share of rows anywhere in it. */
function groups(n: number, d: number, k: number, span: number, noise = 0): Pick<RowsProblem, "x" | "groups"> {
  const side = Math.ceil(Math.sqrt(k));
  const centers = uniform(k * d, 41, 0, 1).map((value, at) => {
    const cell = at % 2 ? Math.floor(at / d / side) : Math.floor(at / d) % side;
    return span * (d === 2 ? (cell + 0.25 + value / 2) / side : value);
  });
  const within = normal(n * d, 42, 43);
  const anywhere = uniform(n * d, 44, 0, span);
  const of = Int32Array.from({ length: n }, (_, i) => (i < noise * n ? -1 : i % k));
  const x = within.map((value, at) => {
    const group = of[Math.floor(at / d)]!;
    return group < 0 ? anywhere[at]! : centers[group * d + (at % d)]! + value;
  });
  return { x, groups: of };
}

/** Squared distances in float64 of row i to all. */
function squaredFrom({ x, n, d }: Pick<RowsProblem, "n" | "d"> & { x: ArrayLike<number> }, i: number): Float64Array {
  return Float64Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += (x[i * d + c]! - x[j * d + c]!) ** 2;
    return sum;
  });
}

/** Numbers of the rows that are looked at. */
const looked = ({ n }: RowsProblem): number[] =>
  Array.from({ length: LOOKED_AT }, (_, t) => Math.floor(((t + 0.5) * n) / LOOKED_AT));

const nearest = (away: Float64Array, i: number, k: number): number[] =>
  Array.from(Uint32Array.from(away, (_, j) => j).sort((a, b) => away[a]! - away[b]! || a - b))
    .filter((j) => j !== i)
    .slice(0, k);

/** What share of the nearest neighbours was found; the lists of scikit-learn begin with the row itself. */
function checkNeighbours(problem: RowsProblem, result: Result): string {
  const k = problem.k!;
  const given = array(result, "answer", problem.n * k);
  let found = 0;
  for (const i of looked(problem)) {
    const list = new Set(given.slice(i * k, (i + 1) * k));
    const others = list.has(i) ? k - 1 : k;
    found += nearest(squaredFrom(problem, i), i, others).filter((j) => list.has(j)).length / others;
  }
  const recall = found / LOOKED_AT;
  if (!(recall >= 0.999)) throw new Error(`recall ${recall}, at least 0.999`);
  return `recall ${recall.toFixed(4)} on ${LOOKED_AT} rows`;
}

/** Trustworthiness with fifteen neighbours (Venna and Kaski 2001) of some rows among all. */
const checkPlaces =
  (least: number) =>
  (problem: RowsProblem, result: Result): string => {
    const { n } = problem;
    const [k, places] = [15, array(result, "answer", 2 * n)];
    let penalty = 0;
    for (const i of looked(problem)) {
      const far = squaredFrom(problem, i);
      const [order, near] = [Uint32Array.from(far, (_, j) => j), squaredFrom({ x: places, n, d: 2 }, i)];
      order.sort((a, b) => (a === i ? -1 : b === i ? 1 : far[a]! - far[b]!));
      const rank = new Uint32Array(n);
      order.forEach((j, at) => (rank[j] = at));
      for (const j of nearest(near, i, k)) penalty += Math.max(0, rank[j]! - k);
    }
    const value = 1 - (2 * penalty) / (LOOKED_AT * k * (2 * n - 3 * k - 1));
    if (!(value >= least)) throw new Error(`trustworthiness ${value}, at least ${least}`);
    return `trustworthiness ${value.toFixed(4)} on ${LOOKED_AT} rows`;
  };

/** Agreement with the groups that the rows were made of, of those that have a group here and there. */
function checkGroups({ n, groups: of }: RowsProblem, result: Result): string {
  const labels = array(result, "answer", n);
  const both = Array.from(labels, (_, i) => i).filter((i) => labels[i]! >= 0 && of![i]! >= 0);
  const rand = adjustedRandIndex(
    Int32Array.from(both, (i) => of![i]!),
    Int32Array.from(both, (i) => labels[i]!),
  );
  const noise = Array.from(labels).filter((label) => label < 0).length / n;
  if (!(rand >= 0.95 && noise < 0.5)) throw new Error(`adjusted Rand index ${rand}, ${noise} without a group`);
  return `adjusted Rand index ${rand.toFixed(4)}, ${(100 * noise).toFixed(1)} % noise`;
}

/** Density by its definition at some rows: how many lie within eps, and that core points there share a cluster. */
function checkDensity(problem: RowsProblem, result: Result): string {
  const { n, eps, minSamples } = problem;
  const labels = array(result, "answer", n);
  const within = (i: number): number[] =>
    Array.from(squaredFrom(problem, i).entries()).flatMap(([j, squared]) => (squared <= eps! ** 2 ? [j] : []));
  let cores = 0;
  for (const i of looked(problem)) {
    const near = within(i);
    if (near.length < minSamples!) continue;
    cores++;
    if (labels[i]! < 0) throw new Error(`row ${i} has ${near.length} rows within reach and no cluster`);
    if (near.some((j) => labels[j]! < 0))
      throw new Error(`row ${i} is a core point, and a row within its reach is noise`);
  }
  const clusters = new Set(labels).size;
  return `${clusters} labels, ${cores} core points of ${LOOKED_AT} rows by definition`;
}

/** The bound of a mixture is scikit-learn's within the spread of what k-means begins with. */
const checkBound =
  (least: number) =>
  (_: RowsProblem, result: Result): string => {
    const [bound] = array(result, "answer", 1);
    if (!(bound! >= least)) throw new Error(`lower bound ${bound}, at least ${least}`);
    return `lower bound ${bound!.toFixed(4)}`;
  };

type Rows = Omit<RowsProblem, "n" | "d">;

function rows(
  [name, n, d]: readonly [string, number, number],
  title: string,
  problem: () => Rows | Promise<Rows>,
  check: (problem: RowsProblem, result: Result) => string,
  target: number,
  peers: readonly Contender<RowsProblem>[],
): AnyWorkload {
  return workload<RowsProblem>({
    ...{
      name: `${name}-${n}x${d}`,
      title: `${title}, ${n.toLocaleString("en-US")} × ${d}`,
      device: "wasm",
      quick: false,
      size: { of: `${title}, ${d} columns`, n },
    },
    problem: async () => ({ n, d, ...(await problem()) }),
    ...{ flops: 0, bytes: 4 * n * d, validationRuns: 1, check },
    contenders: [...oursOnTwo(contenders.constella, target), ...peers],
  });
}

const sklearn = (threads = 2, name = "scikit-learn"): Contender<RowsProblem> => ({
  name: `${name}, ${threads} thread${threads > 1 ? "s" : ""}`,
  kind: "peer",
  python: true,
  load: contenders.sklearn(threads),
});

const umapPeers: readonly Contender<RowsProblem>[] = [
  { name: "umap-js", kind: "peer", load: contenders.umapJs },
  { name: "embedding-atlas, WebAssembly", kind: "peer", load: contenders.embeddingAtlas },
];

const knn = (n: number): AnyWorkload =>
  rows(
    ["knn", n, 50],
    "fifteen nearest neighbours",
    async () => ({ kind: "knn", k: 15, x: await digits(n) }),
    checkNeighbours,
    2,
    [sklearn(2, "scikit-learn, brute force")],
  );

const umap = (n: number): AnyWorkload =>
  rows(
    ["umap", n, 50],
    "UMAP, 200 epochs",
    async () => ({ kind: "umap", k: 15, epochs: 200, x: await digits(n) }),
    checkPlaces(0.95),
    3,
    umapPeers,
  );

const dbscan = (n: number): AnyWorkload =>
  rows(
    ["dbscan", n, 50],
    "DBSCAN",
    async () => ({ kind: "dbscan", eps: 4.5, minSamples: 5, x: await digits(n) }),
    checkDensity,
    1,
    [sklearn()],
  );

/** Rows of which a contender that takes all pairs needs seconds. */
const COMPACT = [5000, 10_000];

const compact = (
  kind: "gmm" | "ward" | "spectral",
  title: string,
  check: (p: RowsProblem, r: Result) => string,
  more = {},
): readonly AnyWorkload[] =>
  COMPACT.map((n) =>
    rows([kind, n, 16], title, () => ({ kind, k: 8, ...groups(n, 16, 8, 6), ...more }), check, 1.5, [sklearn(1)]),
  );

/** All of them. */
export const NEIGHBOURS: readonly AnyWorkload[] = [
  knn(10_000),
  knn(70_000),
  umap(10_000),
  umap(70_000),
  ...[5000, 10_000].map((n) =>
    rows(["tsne", n, 50], "t-SNE", async () => ({ kind: "tsne", x: await digits(n) }), checkPlaces(0.98), 2, [
      sklearn(),
    ]),
  ),
  ...compact("gmm", "a mixture of eight Gaussians, 100 iterations", checkBound(-30), { epochs: 100 }),
  ...compact("ward", "Ward's hierarchy", checkGroups),
  ...compact("spectral", "spectral clustering on ten neighbours", checkGroups),
  rows(
    ["dbscan", 100_000, 2],
    "DBSCAN",
    () => ({ kind: "dbscan", eps: 0.3, minSamples: 10, ...groups(100_000, 2, 20, 60, 0.1) }),
    checkDensity,
    1,
    [sklearn()],
  ),
  dbscan(10_000),
  dbscan(20_000),
  rows(
    ["hdbscan", 2000, 2],
    "HDBSCAN",
    () => ({ kind: "hdbscan", minClusterSize: 15, ...groups(2000, 2, 6, 60, 0.1) }),
    checkGroups,
    20,
    [{ name: "hdbscan-ts", kind: "peer", load: contenders.hdbscanTs }],
  ),
  rows(
    ["hdbscan", 100_000, 2],
    "HDBSCAN",
    () => ({ kind: "hdbscan", minClusterSize: 50, eps: 0.3, minSamples: 10, ...groups(100_000, 2, 20, 60, 0.1) }),
    checkGroups,
    1 / 2,
    [
      {
        name: "constella: DBSCAN and the spanning tree of ten neighbours",
        kind: "peer",
        load: contenders.densityAndTree({ threads: 2 }),
      },
    ],
  ),
];
