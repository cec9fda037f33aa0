import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "../../src/data/formats/safetensors";
import type { NdArray, TypedArray } from "../../src/ndarray";

export type Values = NdArray<TypedArray>;
export type Attributes = Readonly<Record<string, unknown>>;

/** A case of a golden folder; test/golden/README.md describes the format. */
export interface GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly file: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly attrs: Attributes;
  readonly outputs: Readonly<Record<string, string>>;
  readonly grads: Readonly<Record<string, string>>;
  readonly upstream?: Readonly<Record<string, string>>;
  readonly rtol: number;
  readonly atol: number;
  readonly tol?: Readonly<Record<string, readonly [rtol: number, atol: number]>>;
}

/** A folder of golden cases. Each of its safetensors files is read once. */
export class GoldenFolder {
  readonly path: string;
  readonly cases: readonly GoldenCase[];
  readonly #files = new Map<string, Map<string, Values>>();

  /** @throws when there is no index, or it is no list of cases */
  constructor(path: string) {
    this.path = path;
    const index: unknown = JSON.parse(readFileSync(join(path, "index.json"), "utf8"));
    if (!Array.isArray(index)) throw new Error(`golden: index.json must be a list of cases, in ${path}`);
    this.cases = index as GoldenCase[];
  }

  /** The bytes of a file that the cases name, such as `npy/f4_1d.npy`. */
  read(file: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(readFileSync(join(this.path, file)));
  }

  /** The named tensors of a case: name to key of its safetensors file. @throws when a key is not in the file */
  tensors({ name, file }: GoldenCase, keys: Readonly<Record<string, string>> = {}): Record<string, Values> {
    let tensors = this.#files.get(file);
    if (!tensors) this.#files.set(file, (tensors = readSafetensors(this.read(file)).tensors));
    const found: Record<string, Values> = {};
    for (const [label, key] of Object.entries(keys)) {
      const values = tensors.get(key);
      if (!values) throw new Error(`golden: ${name} names ${key}, which is not in ${file}`);
      found[label] = values;
    }
    return found;
  }
}
