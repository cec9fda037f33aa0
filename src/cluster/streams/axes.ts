import type { RowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { noGrad } from "../../graph";
import { matmul } from "../../ops/matmul";
import { randomNormal } from "../../ops/random";
import type { Random } from "../../random";
import { takeTensor, tensor, tidy } from "../../tensor";
import type { Tensor } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";
import { symmetricEigen } from "../pca/eigen";
import { Frame, frameOf } from "../frame";
import { axesOf, readMatrix, turnSigns } from "../pca/principal";
import type { Axes, Kept, Solver } from "../pca/principal";
import { combined, orthonormalColumns, sampleSizes } from "../pca/sampled-axes";
import type { TakenBlocks } from "./reading";
import type { Survey } from "./survey";
import { mapTo } from "../../typed-arrays";

/** Columns up to which the products of all with all are held: 128 MiB in float64. */
const WIDEST = 4096;

/** Centred points [n, d] in blocks. */
interface CentredRows {
  readonly blocks: TakenBlocks;
  readonly n: number;
  readonly d: number;
  /** Σ of the columns' variances. */
  readonly total: number;
  /** What is awaited between two blocks, told what the passes have come to. */
  readonly rest?: (stand: () => PassesStanding) => Promise<void>;
  /** Where passes stood that these go on from. */
  readonly begun?: PassesStanding | undefined;
}

/** What passes over the rows have come to. */
export interface PassesStanding {
  /** Passes that are over. */
  readonly passes: number;
  /** The directions that the pass under way is multiplied with, [d, l]; of products of the columns none. */
  readonly directions?: Float32Array | undefined;
  /** Sums of the blocks before this row. */
  readonly row: number;
  readonly sums: Float64Array;
}

/** Rows that were read: once for their means, and what the passes after that have come to. */
export interface ReadSoFar extends Survey {
  readonly n: number;
  readonly passes?: PassesStanding | undefined;
}

/** How the axes of a source's rows are found, and what is done between two blocks. */
export interface SourcePlan {
  /** What is wanted of rows [n, d], and how it is found. */
  readonly plan: (n: number, d: number) => { readonly wanted: number; readonly solver: Solver };
  readonly kept: (wanted: number) => Kept;
  readonly random: Random;
  readonly device: () => Promise<Device>;
  /** What was read of the same rows before. */
  readonly before?: ReadSoFar | undefined;
  /** Awaited between two blocks of the pass that gives the means. */
  readonly between: () => Promise<void>;
  /** Told what was read when the means are known. */
  readonly surveyed?: (read: ReadSoFar) => void;
  /** Awaited between two blocks of a pass after that: what was read by then. */
  readonly rest: (read: () => ReadSoFar) => Promise<void>;
}

/**
 * Axes of the rows of a source in the frame that they need, how they were found, and the means as they are.
 * @throws when so many columns are wanted of rows of so many that not all products can be held, and what reading throws
 */
export async function axesOfSource(
  x: RowSource,
  op: string,
  { plan, kept, random, device, before, between, surveyed, rest }: SourcePlan,
): Promise<{ axes: Axes; solver: Solver; mean: Float64Array; frame: Frame }> {
  const { openSource, survey, TakenBlocks } = await import("./streamed-points");
  const rows = openSource(x, op);
  const { n, d, memory } = rows;
  const { wanted, solver: asked } = plan(n, d);
  const solver = asked === "gram" ? "covariance" : asked;
  if (d > WIDEST && solver === "covariance")
    throw new Error(
      `${op}: of rows that are read from a source, ${d} columns give ${Math.floor(Math.min(n, d) / 4)} components at most, got nComponents ${wanted === Math.min(n, d) ? "of all there are" : wanted}`,
    );
  const { low, high, mean, squares } = before ?? (await survey(rows, op, between));
  const frame = frameOf(low, high, mean, op);
  const read = { n, low, high, mean, squares };
  surveyed?.(before ?? read);
  // about their means, taken in float64: products of what is left lose nothing to an offset
  const about = new Frame(mean, frame.scale);
  const taken = {
    ...{ n, d, memory },
    read: async (begin: number, end: number, into?: Float32Array) => about.points(await x.range(begin, end, into)),
  };
  const blocks = new TakenBlocks(takeTensor, await device(), taken, 1);
  const total = squares.reduce((sum, value) => sum + value, 0) / (n - 1) / frame.scale ** 2;
  try {
    const centred: CentredRows = {
      ...{ blocks, n, d, total, begun: before?.passes },
      rest: (stand) => rest(() => ({ ...read, passes: stand() })),
    };
    const axes = await fromBlocks(centred, solver, wanted, kept(wanted), random);
    await turnSigns(axes.components, d);
    return { axes, solver, mean, frame };
  } finally {
    blocks.dispose();
  }
}

/**
 * Axes of centred points that are read in blocks. Up to 4,096 columns one pass gives their covariance, block by block in float32 and added in float64;
 * for the solver "randomized" a sample of what it spans gives the axes (Halko, Martinsson and Tropp 2011, algorithm 4.4). Of more columns that sample is
 * multiplied by the points themselves, a pass for each time.
 */
async function fromBlocks(
  rows: CentredRows,
  solver: Solver,
  wanted: number,
  kept: Kept,
  random: Random,
): Promise<Axes> {
  const { n, d, total, blocks, begun } = rows;
  const whole = d <= WIDEST ? await productsOf(rows) : undefined;
  if (whole && solver !== "randomized") {
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) whole[i * d + j]! /= n - 1;
      await yieldWhenDue();
    }
    return axesOf(whole, d, kept);
  }
  const { device } = blocks;
  const { l, rounds } = sampleSizes(wanted, n, d);
  const matrix = whole && (await takeTensor(device, Float32Array.from(whole), [d, d]));
  /** Σ x xᵀ q, [d, l]; frees q. */
  const applied = async (q: Tensor, passes: number, from: Float32Array | undefined): Promise<Tensor> => {
    try {
      if (matrix) return tidy(() => noGrad(() => matmul(matrix, q)));
      const sums = await added(rows, d * l, (x) => matmul(x, matmul(x, q), { transA: true }), passes, from);
      return tensor(device, Float32Array.from(sums), [d, l]);
    } finally {
      q.dispose();
    }
  };
  const before = matrix ? undefined : begun;
  let directions = before?.directions
    ? tensor(device, before.directions, [d, l])
    : noGrad(() => tidy(() => randomNormal(device, [d, l], random)));
  const standing = async (): Promise<Float32Array | undefined> =>
    matrix ? undefined : ((await directions.data()) as Float32Array);
  try {
    for (let round = before?.passes ?? 0; round <= rounds; round++) {
      const from = await standing();
      directions = await orthonormalColumns(await applied(await orthonormalColumns(directions), round, from));
    }
    // qᵀ (Σ x xᵀ) q, whose eigenvectors turn the sample's directions to the axes
    const within = matrix
      ? Float64Array.from(await readMatrix(() => matmul(directions, matmul(matrix, directions), { transA: true })))
      : await added(
          ...([rows, l * l] as const),
          (x) => {
            const scores = matmul(x, directions);
            return matmul(scores, scores, { transA: true });
          },
          rounds + 1,
          await standing(),
        );
    for (let i = 0; i < l; i++)
      for (let j = 0; j < i; j++) within[i * l + j] = within[j * l + i] = (within[i * l + j]! + within[j * l + i]!) / 2;
    const { values, vectors } = await symmetricEigen(within, l, "PCA.fit");
    const columns = await directions.data();
    const transposed = new Float64Array(l * d);
    for (let t = 0; t < d; t++) for (let j = 0; j < l; j++) transposed[j * d + t] = columns[t * l + j]!;
    const components = await combined(vectors, transposed, wanted, l, d);
    const variances = mapTo(Float64Array, values.subarray(0, wanted), (value) => Math.max(value, 0) / (n - 1));
    return { components, variances, total };
  } finally {
    directions.dispose();
    matrix?.dispose();
  }
}

/** Σ xᵀ x of all blocks, [d, d]. */
const productsOf = (rows: CentredRows): Promise<Float64Array> =>
  added(rows, rows.d * rows.d, (x) => matmul(x, x, { transA: true }));

/** Σ of what f makes of each block, in their order, in float64: a pass, the one after so many, on from where it stood. */
async function added(
  { blocks, rest, begun }: CentredRows,
  size: number,
  f: (x: Tensor) => Tensor,
  passes = 0,
  directions?: Float32Array,
): Promise<Float64Array> {
  const before = begun?.passes === passes && begun.sums.length === size ? begun : undefined;
  const sums = before?.sums.slice() ?? new Float64Array(size);
  for await (const { x, first, rows } of blocks.pass(undefined, before?.row)) {
    const part = await readMatrix(() => f(x));
    for (let i = 0; i < size; i++) sums[i]! += part[i]!;
    await yieldWhenDue();
    await rest?.(() => ({ passes, row: first + rows, sums: sums.slice(), directions }));
  }
  return sums;
}
