import { runAtOnce } from "../event-loop";
import { contiguous, toLabels, type MatrixLike } from "../matrix";
import { NdArray, sizeOf, type TypedArray } from "../ndarray";
import { checkedOptions, flag, optional, seed, type Rule } from "../options";
import { stream } from "../random";
import { generate, mapTo } from "../typed-arrays";

/** Options of `trainTestSplit`. */
export interface TrainTestSplitOptions {
  /** Rows to test with: a share, in (0, 1), rounded up, or a number of them. Default 0.25. */
  readonly testSize?: number;
  /** In random order; false takes the first rows to train with and the last to test. Default true. */
  readonly shuffle?: boolean;
  /** Labels [n] of classes that both parts shall have in the same shares. */
  readonly stratify?: MatrixLike;
  /** Default 0. */
  readonly seed?: number;
}

/** Two parts of data. */
export interface TrainTestSplit<T extends TypedArray = TypedArray> {
  readonly xTrain: NdArray<T>;
  readonly xTest: NdArray<T>;
  /** Labels of the parts, where labels were given. */
  readonly yTrain: Int32Array | undefined;
  readonly yTest: Int32Array | undefined;
  /** Which rows of x they are. */
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

const size: Rule = {
  words: "a share in (0, 1) or a whole number from 1",
  holds: (value) => typeof value === "number" && ((value > 0 && value < 1) || (Number.isInteger(value) && value >= 1)),
};

const labels: Rule = {
  words: "labels",
  holds: (value) => typeof value === "object" && value !== null,
};

/**
 * Data in two parts, to train with and to test with: rows of x [n, …], and of their labels y [n] where they are given. By classes where
 * `stratify` is given: each gives as many rows to the test as its share of all wants, the largest remainders first (of two alike the class that comes first).
 * @throws where a part would be empty, where a class has fewer than two rows, and for unknown options
 */
export function trainTestSplit(
  x: MatrixLike,
  y?: MatrixLike | null,
  options: TrainTestSplitOptions = {},
): TrainTestSplit {
  const op = "trainTestSplit";
  const rules = { testSize: size, shuffle: flag, stratify: optional(labels), seed };
  const settings = checkedOptions<TrainTestSplitOptions>(op, options, rules, {
    testSize: 0.25,
    shuffle: true,
    seed: 0,
  });
  const rows = runAtOnce(contiguous(x, op, "x"));
  const n = rows.shape[0] ?? 0;
  const given = y === undefined || y === null ? undefined : labelsOf(y, n, op, "y");
  const testSize = settings.testSize!;
  const wanted = testSize < 1 ? Math.ceil(testSize * n - 1e-9) : testSize;
  if (wanted < 1 || wanted >= n)
    throw new Error(`${op}: both parts must have rows, got ${n} rows and testSize ${testSize}`);
  const order = settings.shuffle
    ? stream(settings.seed!, "trainTestSplit").permutation(n)
    : generate(Uint32Array, n, (i) => i);
  let train = order.slice(0, n - wanted);
  let test = order.slice(n - wanted);
  if (settings.stratify !== undefined) {
    if (!settings.shuffle) throw new Error(`${op}: stratify must go with shuffle: true, got false`);
    [train, test] = byClasses(order, labelsOf(settings.stratify, n, op, "stratify"), wanted, op);
  }
  const part = (places: Uint32Array): NdArray<TypedArray> => rowsAt(rows, places);
  const of = (places: Uint32Array): Int32Array | undefined => given && mapTo(Int32Array, places, (i) => given[i]!);
  return { xTrain: part(train), xTest: part(test), yTrain: of(train), yTest: of(test), train, test };
}

function labelsOf(y: MatrixLike, n: number, op: string, name: string): Int32Array {
  const found = toLabels(y, op, name);
  if (found.length !== n)
    throw new Error(`${op}: ${name} must have ${n} labels, one for each row of x, got ${found.length}`);
  return found;
}

/** The places of an order in two parts, each class in its share. */
function byClasses(
  order: Uint32Array,
  classes: Int32Array,
  wanted: number,
  op: string,
): [Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>] {
  const members = new Map<number, number[]>();
  for (const i of order) {
    const list = members.get(classes[i]!);
    if (list) list.push(i);
    else members.set(classes[i]!, [i]);
  }
  const lists = [...members].sort(([a], [b]) => a - b);
  for (const [label, list] of lists)
    if (list.length < 2) throw new Error(`${op}: every class of stratify must have two rows, got one of ${label}`);
  if (wanted < lists.length || order.length - wanted < lists.length)
    throw new Error(
      `${op}: both parts must have a row for each of ${lists.length} classes, got ${wanted} to test of ${order.length}`,
    );
  const shares = lists.map(([, list]) => (list.length * wanted) / order.length);
  const counts = shares.map(Math.floor);
  const byRemainder = shares
    .map((share, c) => ({ c, rest: share - Math.floor(share) }))
    .sort((a, b) => b.rest - a.rest);
  let missing = wanted - counts.reduce((sum, count) => sum + count, 0);
  for (const { c } of byRemainder) if (missing-- > 0) counts[c]!++;
  const inTest = new Set(lists.flatMap(([, list], c) => list.slice(0, counts[c])));
  return [order.filter((i) => !inTest.has(i)), order.filter((i) => inTest.has(i))];
}

/** The rows of an array at some places, copied. */
function rowsAt({ data, shape }: NdArray<TypedArray>, places: Uint32Array): NdArray<TypedArray> {
  const width = sizeOf(shape.slice(1));
  const out = new (data.constructor as new (length: number) => TypedArray)(places.length * width);
  places.forEach((i, to) => out.set(data.subarray(i * width, (i + 1) * width) as never, to * width));
  return new NdArray(out, [places.length, ...shape.slice(1)]);
}
