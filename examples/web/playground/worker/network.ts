// What a trained network makes of items and of codes, by what its estimator can: reproductions, and items along its first unit.
import { NdArray, rocCurve, auc } from "constella";
import { embeddingOf } from "constella/methods";
import type { Estimator } from "constella/methods";
import type { Curve, Thumbnails } from "constella/report";
import type { NetworkView } from "../protocol";
import type { Dataset } from "./dataset";
import { flat, takeRows } from "./session";

/** Items that are shown as they are given back. */
const SHOWN = 16;

/** Sizes of pictures that have so many values: of one of several bands, or of the only one. */
function planeOf(
  width: number,
  itemShape: readonly number[],
): { side: readonly [number, number]; at: number } | undefined {
  const [channels, height, table] = itemShape.length === 3 ? itemShape : [1, ...itemShape];
  if (height && table && width === channels! * height * table)
    return { side: [height, table], at: Math.floor(channels! / 2) * height * table };
  for (const bands of [1, channels!]) {
    const side = Math.sqrt(width / bands);
    if (Number.isInteger(side)) return { side: [side, side], at: Math.floor(bands / 2) * side * side };
  }
  return undefined;
}

/** Rows as pictures of one band, each from its least to its largest value; undefined where rows are no pictures. */
function picturesOf({ data, shape }: NdArray<Float32Array>, itemShape: readonly number[]): Thumbnails | undefined {
  const [n, width] = [shape[0]!, data.length / shape[0]!];
  const plane = planeOf(width, itemShape);
  if (!plane || itemShape.length < 2) return undefined;
  const [height, across] = plane.side;
  const size = height * across;
  const pixels = new Uint8Array(n * size);
  for (let i = 0; i < n; i++) {
    const own = data.subarray(i * width + plane.at, i * width + plane.at + size);
    const [low, high] = [own.reduce((a, b) => Math.min(a, b)), own.reduce((a, b) => Math.max(a, b))];
    for (let p = 0; p < size; p++)
      pixels[i * size + p] = high > low ? Math.round((255 * (own[p]! - low)) / (high - low)) : 0;
  }
  return { pixels, height, width: across, channels: 1 };
}

/** Codes of the items that are shown: what `decode` goes back from. */
async function codesOf(at: Estimator, sample: NdArray<Float32Array>): Promise<NdArray<Float32Array> | undefined> {
  return at.decode ? embeddingOf(at, flat(sample)) : undefined;
}

/** A trained network as the page shows it; undefined where it gives nothing back. */
export async function networkOf(
  at: Estimator | undefined,
  sample: NdArray<Float32Array>,
  itemShape: readonly number[],
): Promise<NetworkView | undefined> {
  if (!at?.reconstruct || itemShape.length < 2) return undefined;
  const some = takeRows(
    sample,
    Uint32Array.from({ length: Math.min(SHOWN, sample.shape[0]!) }, (_, i) => i),
  );
  const given = picturesOf(flat(some), itemShape);
  const back = picturesOf(await at.reconstruct(flat(some)), itemShape);
  if (!given || !back) return undefined;
  const codes = await codesOf(at, sample);
  if (!codes) return { given, back };
  const [n, width] = codes.shape as [number, number];
  const first = Float32Array.from({ length: n }, (_, i) => codes.data[i * width]!).sort();
  return { given, back, unit: { low: first[Math.floor(0.02 * n)]!, high: first[Math.ceil(0.98 * n) - 1]! } };
}

/** The picture that the decoder makes of a value of the first unit, the others at their means. */
export async function traversed(
  at: Estimator | undefined,
  sample: NdArray<Float32Array>,
  itemShape: readonly number[],
  value: number,
): Promise<Thumbnails | undefined> {
  const codes = at && (await codesOf(at, sample));
  if (!codes) return undefined;
  const [n, width] = codes.shape as [number, number];
  const code = new Float32Array(width);
  codes.data.forEach((own, i) => (code[i % width]! += own / n));
  code[0] = value;
  return picturesOf(await at.decode!(new NdArray(code, [1, width])), itemShape);
}

/** Points of a curve that are drawn. */
const POINTS = 200;

/**
 * The ROC curve of probabilities of two clusters [shown, 2] against two known classes: of the second class, whichever cluster finds it. None of other
 * numbers of either. @param shown row numbers of the items that are shown
 */
export function rocOf(
  q: Float32Array | undefined,
  k: number,
  { truth: all, summary }: Dataset,
  shown: Uint32Array,
): Curve[] {
  const { classes } = summary;
  if (!q || !all || k !== 2 || classes?.length !== 2) return [];
  const truth = Int32Array.from(shown, (row) => all[row]!);
  if (new Set(truth).size !== 2) return [];
  const score = Float32Array.from(truth, (_, i) => q[2 * i + 1]!);
  const turned = auc(truth, score) < 0.5;
  const { fpr, tpr } = rocCurve(truth, turned ? score.map((value) => -value) : score);
  const step = Math.max(1, Math.floor(fpr.length / POINTS));
  const some = (rates: Float64Array): Float64Array => rates.filter((_, i) => i % step === 0 || i === rates.length - 1);
  const area = auc(truth, score, { signed: false });
  return [
    {
      ...{ name: `ROC of class ${classes[1]!}, AUC ${area.toFixed(4)}`, xLabel: "false positive rate" },
      ...{ yLabel: "true positive rate", series: [{ name: classes[1]!, x: some(fpr), y: some(tpr) }], last: false },
    },
  ];
}
