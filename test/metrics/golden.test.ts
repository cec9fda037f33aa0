import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/data/safetensors";
import * as metrics from "../../src/metrics";
import type { NdArray, TypedArray } from "../../src/ndarray";

interface GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly file: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly rtol: number;
  readonly atol: number;
  readonly tol?: Readonly<Record<string, [rtol: number, atol: number]>>;
}

type Inputs = Readonly<Record<string, NdArray<TypedArray>>>;
type Result = ArrayLike<number> | number;

const numbers = (x: NdArray<TypedArray>): number[] => Array.from(x.data as ArrayLike<number | bigint>, Number);

/** Each op's outputs by name, made when asked for. */
const OPS: Record<string, (inputs: Inputs, attrs: Readonly<Record<string, unknown>>) => Record<string, () => Result>> =
  {
    clustering_metrics({ y_true, y_pred }) {
      const pair = [y_true!, y_pred!] as const;
      return {
        contingency: () => metrics.contingency(...pair).matrix.data,
        acc: () => metrics.accuracy(...pair),
        mr: () => metrics.misclassificationRate(...pair),
        bbn: () => metrics.bbn(...pair),
        bbn_norm: () => metrics.bbnNorm(...pair),
        mi: () => metrics.mutualInformation(...pair),
        nmi: () => metrics.nmi(...pair, { average: "geometric" }),
        nmi_arithmetic: () => metrics.nmi(...pair),
        ri: () => metrics.randIndex(...pair),
        ari: () => metrics.adjustedRandIndex(...pair),
        ami: () => metrics.ami(...pair),
        homogeneity: () => metrics.homogeneity(...pair),
        completeness: () => metrics.completeness(...pair),
        v_measure: () => metrics.vMeasure(...pair),
        entropy_true: () => metrics.entropy(pair[0]),
        entropy_pred: () => metrics.entropy(pair[1]),
      };
    },
    hungarian({ cost }, { maximize }) {
      const { rows, columns, total } = metrics.hungarian(cost!, { maximize: maximize === true });
      return { total: () => total, row_ind: () => rows, col_ind: () => columns };
    },
    roc({ y_true, score }) {
      const { fpr, tpr, thresholds } = metrics.rocCurve(y_true!, score!);
      return {
        fpr: () => fpr,
        tpr: () => tpr,
        thresholds_from_1: () => thresholds.subarray(1),
        auc: () => metrics.auc(y_true!, score!),
      };
    },
    silhouette({ x, labels }) {
      const { samples, score } = metrics.silhouette(x!, labels!);
      return { samples: () => samples, score: () => score };
    },
    li_ma({ n_on, n_off, alpha }) {
      const results = numbers(n_on!).map((on, i) => metrics.liMa(on, numbers(n_off!)[i]!, numbers(alpha!)[i]!));
      return {
        s: () => results.map(({ s }) => s),
        s_signed: () => results.map(({ signed }) => signed),
        excess: () => results.map(({ excess }) => excess),
      };
    },
  };

const read = (file: string): Buffer => readFileSync(new URL(`../golden/${file}`, import.meta.url));
const index = JSON.parse(read("index.json").toString()) as GoldenCase[];
const cases = index.filter(({ op }) => op in OPS);
const files = new Map(
  [...new Set(cases.map(({ file }) => file))].map((file) => [file, readSafetensors(read(file)).tensors]),
);

describe("golden metrics", () => {
  test("every op has cases", () => {
    expect(new Set(cases.map(({ op }) => op))).toEqual(new Set(Object.keys(OPS)));
  });

  test.each(cases)("$name", ({ op, file, inputs, attrs, outputs, rtol, atol, tol }) => {
    const tensors = files.get(file)!;
    const got = OPS[op]!(
      Object.fromEntries(Object.entries(inputs).map(([name, key]) => [name, tensors.get(key)!])),
      attrs,
    );
    for (const [name, key] of Object.entries(outputs)) {
      const compute = got[name];
      if (!compute) throw new Error(`no output ${name} of ${op}`);
      const result = compute();
      const actual = typeof result === "number" ? [result] : Array.from(result);
      const want = numbers(tensors.get(key)!);
      const [relative, absolute] = tol?.[`outputs/${name}`] ?? [rtol, atol];
      expect(actual.length, name).toBe(want.length);
      const off = actual.findIndex(
        (value, i) => !(Math.abs(value - want[i]!) <= absolute + relative * Math.abs(want[i]!)),
      );
      expect(off, `${name}[${off}] is ${actual[off]}, expected ${want[off]}`).toBe(-1);
    }
  });
});
