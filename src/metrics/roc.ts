import { checkFlag } from "../checks";
import module from "../../build/host/roc.host.wasm";
import { HostModule, onHost, type Host, type HostFunctions } from "../host";
import type { MatrixLike } from "../matrix";
import { LABELS, toVector, type Labels } from "./labels";

/** Functions of wasm/host/roc.ts. */
const ROC = /* @__PURE__ */ new HostModule<HostFunctions<"roc_points", number> & HostFunctions<"roc_area", bigint>>(
  module,
);

/** Receiver operating characteristic, one point per distinct score in descending order, after the point (0, 0). */
export interface RocCurve {
  /** False positives / negatives. */
  readonly fpr: Float64Array;
  /** True positives / positives. */
  readonly tpr: Float64Array;
  /** Samples with at least this score are called positive; the first is Infinity. */
  readonly thresholds: Float64Array;
}

interface Points {
  /** False and true positives of each point, and the score it starts at. */
  readonly fp: Float64Array;
  readonly tp: Float64Array;
  readonly thresholds: Float64Array;
  /** Twice the number of pairs with the positive above the negative, plus the ties. */
  readonly area: bigint;
}

function points(op: string, host: Host, yTrue: Labels, score: MatrixLike, positive: number): Points {
  const labels = toVector(yTrue, op, "yTrue");
  const values = toVector(score, op, "score");
  const n = labels.length;
  if (values.length !== n) throw new Error(`${op}: yTrue has ${n} elements, score has ${values.length}`);
  for (let i = 0; i < n; i++) if (Number.isNaN(values[i])) throw new Error(`${op}: score is NaN at ${i}`);
  const order = host.u32(n);
  const keys = host.f64(values);
  host.scope(() => host.of(LABELS).sort_order(keys.pointer, n, order.pointer, host.u8(20 * n + 1024).pointer));
  const [fp, tp, thresholds] = [host.f64(n), host.f64(n), host.f64(n)];
  const count = host
    .of(ROC)
    .roc_points(
      ...[host.f64(labels).pointer, positive, keys.pointer, order.pointer, n],
      ...[fp.pointer, tp.pointer, thresholds.pointer],
    );
  const area = BigInt.asUintN(64, host.of(ROC).roc_area(fp.pointer, tp.pointer, count));
  const positives = tp.view[count - 1]!;
  if (positives === 0 || positives === n)
    throw new Error(`${op}: both classes are needed, given ${positives} positives (label ${positive}) among ${n}`);
  const copy = (array: typeof fp) => array.view.slice(0, count);
  return { fp: copy(fp), tp: copy(tp), thresholds: copy(thresholds), area };
}

/**
 * ROC curve of scores [n] for labels [n], of which `positive` (default 1) marks the positives and everything else the negatives.
 * No point is left out. Throws for NaN scores and unless both classes occur.
 */
export function rocCurve(yTrue: Labels, score: MatrixLike, { positive = 1 }: { positive?: number } = {}): RocCurve {
  const { fp, tp, thresholds } = onHost((host) => points("rocCurve", host, yTrue, score, positive));
  const rate = (counts: Float64Array) => Float64Array.from([0, ...counts.map((count) => count / counts.at(-1)!)]);
  return { fpr: rate(fp), tpr: rate(tp), thresholds: Float64Array.from([Infinity, ...thresholds]) };
}

/**
 * Area under the ROC curve = P(score of a positive > score of a negative) + ½ P(equal), exact up to one rounding.
 * `signed: false` gives max(AUC, 1 − AUC), for scores whose sign carries no meaning, as an unsupervised model's; say so where you report it.
 * Labels, `positive` and errors as in `rocCurve`.
 */
export function auc(
  yTrue: Labels,
  score: MatrixLike,
  { positive = 1, signed = true }: { positive?: number; signed?: boolean } = {},
): number {
  checkFlag("auc", { signed });
  const { fp, tp, area } = onHost((host) => points("auc", host, yTrue, score, positive));
  const value = Number(area) / (2 * fp.at(-1)! * tp.at(-1)!);
  return signed ? value : Math.max(value, 1 - value);
}
