import { readFileSync } from "node:fs";
import { readSafetensors } from "../../src/data/formats/safetensors";
import type { NdArray, TypedArray } from "../../src/ndarray";

interface Listed {
  readonly name: string;
  readonly op: string;
  readonly file: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly attrs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly rtol: number;
  readonly atol: number;
  readonly tol?: Readonly<Record<string, readonly [rtol: number, atol: number]>>;
}

/** A golden case with its arrays at hand. */
export interface GoldenCase {
  readonly name: string;
  readonly attrs: Readonly<Record<string, number>>;
  input(name: string): NdArray<TypedArray>;
  /** The expected output with its tolerance. */
  output(name: string): { readonly values: number[]; readonly rtol: number; readonly atol: number };
}

const folder = new URL("../golden/", import.meta.url);

/** The cases of one op in test/golden. */
export function goldenCases(op: string): GoldenCase[] {
  const listed = (JSON.parse(readFileSync(new URL("index.json", folder), "utf8")) as Listed[]).filter(
    (item) => item.op === op,
  );
  return listed.map(({ name, attrs, file, inputs, outputs, rtol, atol, tol }) => {
    const { tensors } = readSafetensors(readFileSync(new URL(file, folder)));
    const array = (key: string | undefined): NdArray<TypedArray> => tensors.get(key!)!;
    return {
      name,
      attrs,
      input: (key: string) => array(inputs[key]),
      output: (key: string) => {
        const [r, a] = tol?.[`outputs/${key}`] ?? [rtol, atol];
        return { values: Array.from(array(outputs[key]).data as ArrayLike<number>, Number), rtol: r, atol: a };
      },
    };
  });
}
