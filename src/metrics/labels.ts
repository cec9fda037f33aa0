import labels from "../../build/host/labels.host.wasm";
import { HostModule, type Host, type HostArray, type HostFunctions } from "../host";
import { toContiguous, toSafeIntegers, type MatrixLike } from "../matrix";

/** Functions of wasm/host/labels.ts. */
export const LABELS = /* @__PURE__ */ new HostModule<
  HostFunctions<"label_range" | "encode_dense" | "encode_sparse", number> &
    HostFunctions<"sort_order" | "group_order", void>
>(labels);

/** One integer a sample, of any size and sign: a typed array, numbers, or a vector as npm's `ndarray` has it. */
export type Labels = MatrixLike;

/** Labels as codes 0 … k - 1, in the order of the labels. */
export interface Coding {
  readonly n: number;
  /** How many distinct labels there are. */
  readonly k: number;
  readonly codes: HostArray<Uint32Array>;
  /** The distinct labels, ascending; the first k count. */
  readonly distinct: HostArray<Float64Array>;
}

/** A direct table takes this many times n entries at most before a hash table is used instead. */
const DENSE = 4;

/** x as a vector of numbers. Throws unless it is one and has an element. */
export function toVector(x: MatrixLike, op: string, name: string): ArrayLike<number> {
  const { data, shape } = toContiguous(x, op, name);
  const [n = 0, columns = 1] = shape;
  if (shape.length === 0 || shape.length > 2 || columns > 1)
    throw new Error(`${op}: ${name} must be a vector, got shape [${shape.join(", ")}]`);
  if (n === 0) throw new Error(`${op}: ${name} is empty`);
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? toSafeIntegers(data, op) : data;
}

/** Codes the labels. Throws for a label that is not an integer of at most 2^53 - 1, naming its place, and where there are none. */
export function encode(host: Host, labels: Labels, op: string, name: string): Coding {
  const values = toVector(labels, op, name);
  const n = values.length;
  const input = host.f64(values);
  const range = host.f64(2);
  const bad = host.of(LABELS).label_range(input.pointer, n, range.pointer) >>> 0;
  if (bad < n) throw new Error(`${op}: ${name} must be integers, got ${values[bad]} at ${bad}`);
  const [low = 0, high = 0] = range.view;
  const codes = host.u32(n);
  const width = high - low + 1;
  if (width <= DENSE * n + 1024) {
    const distinct = host.f64(Math.min(n, width));
    const k = host.scope(() => {
      const table = host.u32(width);
      return host.of(LABELS).encode_dense(input.pointer, n, low, width, table.pointer, codes.pointer, distinct.pointer);
    });
    return { n, k, codes, distinct };
  }
  const distinct = host.f64(n);
  const k = host.scope(() => {
    const bits = Math.ceil(Math.log2(n)) + 1;
    const slots = host.u32(2 ** bits);
    const scratch = [host.f64(n), host.u32(n), host.u8(20 * n + 1024)].map((array) => array.pointer);
    const { pointer } = input;
    return host.of(LABELS).encode_sparse(pointer, n, slots.pointer, bits, codes.pointer, distinct.pointer, ...scratch);
  });
  return { n, k, codes, distinct };
}
