// What is taken of pictures and texts before they are clustered: histograms of oriented gradients, and tf-idf.
import * as hog from "../contenders/hog";
import * as text from "../contenders/text";
import { array, uniform, workload } from "../workload";
import type { AnyWorkload } from "../workload";
import { ours } from "./entrants";

/** How many times scikit-image's speed the histograms have. */
const HOG_TARGET = 3;
/** Tf-idf takes at most one and a half times of scikit-learn's time. */
const WITHIN_HALF_MORE = 0.667;

/** The largest difference. @throws beyond the tolerance, and for what is no number */
function worstOf(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): string {
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const away = Math.abs(got[i]! - want[i]!);
    if (!(away <= worst)) worst = away;
  }
  if (!(worst <= tolerance)) throw new Error(`error ${worst}, at most ${tolerance}`);
  return `max error ${worst.toExponential(1)}`;
}

const [CELL, BLOCK, BINS] = [8, 3, 9];

/** Waves, edges and noise in whole numbers of 0 to 255, so that float32 has every difference of two pixels exactly. */
function pictures(n: number, side: number): Float32Array {
  const noise = uniform(n * side * side, 31, -20, 20);
  return noise.map((value, at) => {
    const [image, y, x] = [Math.floor(at / (side * side)), Math.floor(at / side) % side, at % side];
    const wave = Math.sin(x / 11 + image) * Math.cos(y / 7 - image) + Math.sign(Math.sin((x + 2 * y) / 19 + image));
    return Math.max(0, Math.min(255, Math.round(128 + 50 * wave + value)));
  });
}

/** What the descriptors are, in float64, angles by their arctangent. */
function histograms({ n, side, images }: hog.HogProblem): Float64Array {
  const cells = Math.floor(side / CELL);
  const blocks = cells - BLOCK + 1;
  const size = BLOCK * BLOCK * BINS;
  const out = new Float64Array(n * blocks * blocks * size);
  let to = 0;
  for (let i = 0; i < n; i++) {
    const at = (y: number, x: number): number => images[(i * side + y) * side + x]!;
    const sums = new Float64Array(cells * cells * BINS);
    for (let y = 0; y < cells * CELL; y++)
      for (let x = 0; x < cells * CELL; x++) {
        const down = y > 0 && y + 1 < side ? at(y + 1, x) - at(y - 1, x) : 0;
        const across = x > 0 && x + 1 < side ? at(y, x + 1) - at(y, x - 1) : 0;
        const angle = ((Math.atan2(down, across) * 180) / Math.PI + 360) % 180;
        const cell = Math.floor(y / CELL) * cells + Math.floor(x / CELL);
        sums[cell * BINS + Math.floor(angle / (180 / BINS))]! += Math.hypot(down, across) / (CELL * CELL);
      }
    for (let y = 0; y < blocks; y++)
      for (let x = 0; x < blocks; x++) {
        const block = Array.from({ length: size }, (_, at) => {
          const [part, bin] = [Math.floor(at / BINS), at % BINS];
          return sums[((y + Math.floor(part / BLOCK)) * cells + x + (part % BLOCK)) * BINS + bin]!;
        });
        const unit = (values: readonly number[]): number[] => {
          const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 1e-10));
          return values.map((value) => value / length);
        };
        for (const value of unit(unit(block).map((value) => Math.min(value, 0.2)))) out[to++] = value;
      }
  }
  return out;
}

/** Descriptors of n images in one call, beside scikit-image's, which takes one image a call. */
function gradients(n: number, side: number): AnyWorkload {
  return workload<hog.HogProblem>({
    name: `hog-${n}x${side}`,
    title: `histograms of oriented gradients, ${n} of ${side} × ${side}, cells of 8 × 8, blocks of 3 × 3`,
    device: "wasm",
    quick: false,
    problem: () => ({ n, side, images: pictures(n, side) }),
    flops: 0,
    bytes: 4 * n * (side * side + BLOCK * BLOCK * BINS * (Math.floor(side / CELL) - BLOCK + 1) ** 2),
    validationRuns: 1,
    check: (problem, result) => {
      const expected = histograms(problem);
      return worstOf(array(result, "descriptors", expected.length), expected, 2e-6);
    },
    contenders: [
      ...ours(hog.descriptors, { plain: HOG_TARGET, relaxed: HOG_TARGET, allThreads: HOG_TARGET }),
      { name: "scikit-image", kind: "peer", python: true, load: hog.skimageHog },
    ],
  });
}

/** Words of the vocabulary, and how many of them a document has on average. */
const [WORDS, LENGTH] = [30_000, 100];

/** A word of three to eight letters, another for each number below 29,000,000. */
function spelled(number: number): string {
  const [consonants, vowels] = ["bcdfghjklmnprstvz", "aeiou"];
  let word = "";
  for (let rest = number + 85; rest > 0; rest = Math.floor(rest / 85))
    word += consonants[rest % 17]! + vowels[Math.floor(rest / 17) % 5]!;
  return number % 3 === 0 ? `${word}s` : word;
}

/** Documents of 20 to 180 words each, word r as often as 1 / (r + 2.7) says (Zipf and Mandelbrot), sentences with capitals and full stops. */
function documents(n: number): text.TextProblem {
  const sorted = Array.from({ length: WORDS }, (_, r) => spelled(r)).map((word, rank) => ({ word, rank }));
  sorted.sort((a, b) => (a.word < b.word ? -1 : 1));
  const columns = new Int32Array(WORDS);
  sorted.forEach(({ rank }, column) => (columns[rank] = column));
  const weights = new Float64Array(WORDS);
  for (let r = 0, sum = 0; r < WORDS; r++) weights[r] = sum += 1 / (r + 2.7);
  const lengths = Int32Array.from(uniform(n, 33, 20, 2 * LENGTH - 19));
  const draws = uniform(
    lengths.reduce((sum, length) => sum + length, 0),
    34,
    0,
    weights[WORDS - 1]!,
  );
  const [texts, indices, counts]: [string[], number[], number[]] = [[], [], []];
  const indptr = new Int32Array(n + 1);
  const seen = new Set<number>();
  let at = 0;
  lengths.forEach((length, i) => {
    const row = new Map<number, number>();
    let text = "";
    for (let t = 0; t < length; t++, at++) {
      let [low, high] = [0, WORDS - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (weights[middle]! <= draws[at]!) low = middle + 1;
        else high = middle;
      }
      const word = spelled(low);
      text += t % 12 === 0 ? `${t > 0 ? ". " : ""}${word[0]!.toUpperCase()}${word.slice(1)}` : ` ${word}`;
      row.set(columns[low]!, (row.get(columns[low]!) ?? 0) + 1);
    }
    for (const [column, count] of [...row].sort(([a], [b]) => a - b)) {
      indices.push(column);
      counts.push(count);
      seen.add(column);
    }
    indptr[i + 1] = indices.length;
    texts.push(`${text}.`);
  });
  // words that no document has have no column
  const kept = new Int32Array(WORDS);
  [...seen].sort((a, b) => a - b).forEach((column, place) => (kept[column] = place));
  return {
    ...{ texts, words: seen.size, indptr },
    ...{ indices: Int32Array.from(indices, (column) => kept[column]!), counts: Float64Array.from(counts) },
  };
}

/** Tf-idf of counts in float64: t (ln((1 + N) / (1 + df)) + 1), rows of length 1. */
function weighted({ texts, words, indptr, indices, counts }: text.TextProblem): Float64Array {
  const frequencies = new Float64Array(words);
  for (const word of indices) frequencies[word]!++;
  const data = counts.map((count, p) => count * (Math.log((1 + texts.length) / (1 + frequencies[indices[p]!]!)) + 1));
  for (let i = 0; i < texts.length; i++) {
    const row = data.subarray(indptr[i]!, indptr[i + 1]!);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, p) => (row[p] = value / length));
  }
  return data;
}

/** Weights of words of n documents, from texts or from counts; one thread on both sides. */
function wordWeights(kind: "texts" | "counts", n: number): AnyWorkload {
  return workload<text.TextProblem>({
    name: `tfidf-${kind}-${n}`,
    title: `tf-idf of ${n} documents of ${LENGTH} words from ${kind === "texts" ? "their texts" : "counts"}`,
    device: "wasm",
    quick: false,
    problem: () => documents(n),
    flops: 0,
    bytes: (kind === "texts" ? 650 : 24 * 70) * n, // a document has some 70 words of its own
    validationRuns: 1,
    check: (problem, result) => {
      const expected = weighted(problem);
      worstOf(array(result, "indptr", n + 1), problem.indptr, 0);
      worstOf(array(result, "indices", expected.length), problem.indices, 0);
      return worstOf(array(result, "data", expected.length), expected, 1e-7);
    },
    contenders: [
      {
        ...{ name: "constella, calling thread", kind: "ours", target: WITHIN_HALF_MORE },
        load: kind === "texts" ? text.fromTexts : text.fromCounts,
      },
      { name: "scikit-learn, 1 thread", kind: "peer", python: true, load: text.sklearnTfidf(kind) },
    ],
  });
}

/** All of them. */
export const FEATURES: readonly AnyWorkload[] = [
  gradients(1, 512),
  gradients(1, 2048),
  gradients(100, 96),
  gradients(1000, 96),
  wordWeights("texts", 12_500),
  wordWeights("texts", 50_000),
  wordWeights("counts", 50_000),
];
