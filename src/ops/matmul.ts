import { checkFlag } from "../checks";
import { record } from "../graph";
import * as kernels from "../kernels/linear-algebra";
import { empty, format, partsOf, run, sameShape, sizeOf, view } from "../tensor";
import type { Tensor } from "../tensor";
import { ACTIVATION } from "./activation";
import { broadcastShape, mergeAxes } from "./broadcast";
import { activationGradient } from "./elementwise";
import type { Activation } from "./elementwise";
import { sum } from "./reduce";

/** Options of `matmul`. */
export interface MatmulOptions {
  /** a is stored [..., k, m]. */
  readonly transA?: boolean;
  /** b is stored [..., n, k]. */
  readonly transB?: boolean;
  /** [n], added to each row. */
  readonly bias?: Tensor;
  /** Applied last, in the same kernel. */
  readonly activation?: Activation;
  /** Slope of `leakyRelu`; default 0.01. */
  readonly slope?: number;
}

/**
 * act(op(a) op(b) + bias) over the last two axes; leading axes broadcast.
 * @param a [..., m, k], or [..., k, m] with `transA`
 * @param b [..., k, n], or [..., n, k] with `transB`
 * @returns [..., m, n]
 * @throws when ranks are below 2, inner sizes differ, or the bias is not [n]
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transA = false, transB = false, bias, activation, slope = 0.01 } = options;
  checkFlag("matmul", { transA, transB });
  if (a.rank < 2 || b.rank < 2)
    throw new Error(`matmul: both operands must have at least two axes, got ${format(a)} and ${format(b)}`);
  // many matrices times one: a single product with all their rows
  if (b.rank === 2 && a.rank > 2 && !transA) {
    const rows = matmul(flattenRows(a), b, options);
    const shape = [...a.shape.slice(0, -1), rows.shape[1]!];
    return record("matmul", view(rows, shape), [rows], (dy) => [() => view(dy, rows.shape)]);
  }
  const [m, k] = lastTwo(a, transA);
  const [inner, n] = lastTwo(b, transB);
  if (k !== inner) {
    const names = `${format(a)}${transA ? "ᵀ" : ""} x ${format(b)}${transB ? "ᵀ" : ""}`;
    throw new Error(`matmul: inner sizes must agree, got ${names}`);
  }
  if (bias && !sameShape(bias.shape, [n]))
    throw new Error(`matmul: the bias must be of shape [${n}], got ${format(bias)}`);
  const y = multiply({ a, b, m, n, k, transA, transB, bias, activation, slope });
  const inputs = bias ? [a, b, bias] : [a, b];
  return record("matmul", y, inputs, (dy) => {
    let dz: Tensor | undefined;
    const gradient = (): Tensor => (dz ??= activation ? activationGradient(activation, y, dy, slope) : dy);
    const thunks = [
      () =>
        transA ? matmul(b, gradient(), { transA: transB, transB: true }) : matmul(gradient(), b, { transB: !transB }),
      () =>
        transB ? matmul(gradient(), a, { transA: true, transB: transA }) : matmul(a, gradient(), { transA: !transA }),
      () =>
        sum(
          gradient(),
          Array.from({ length: dy.rank - 1 }, (_, axis) => axis),
        ),
    ];
    return thunks.slice(0, inputs.length);
  });
}

/** x as [rows, columns], by a view through which gradients pass. */
function flattenRows(x: Tensor): Tensor {
  const flat = view(x, [sizeOf(x.shape.slice(0, -1)), x.shape[x.rank - 1]!]);
  return record("matmul", flat, [x], (dy) => [() => view(dy, x.shape)]);
}

/** Rows and columns of the matrices after transposition. */
function lastTwo(x: Tensor, transposed: boolean): [number, number] {
  const [rows, columns] = [x.shape[x.rank - 2]!, x.shape[x.rank - 1]!];
  return transposed ? [columns, rows] : [rows, columns];
}

/** What `multiply` computes, after its checks. */
interface Product extends Pick<MatmulOptions, "bias" | "activation"> {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly slope: number;
}

function multiply({ a, b, m, n, k, transA, transB, bias, activation, slope }: Product): Tensor {
  const batchShape = broadcastShape("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [x0, x1, outer, inner] = mergeAxes("matmul", batchShape, a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (x0!.size * x1!.size !== 1)
    throw new Error(`matmul: leading axes must broadcast more simply, got ${format(a)} and ${format(b)}; reshape them`);
  const batch = sizeOf(batchShape);
  const [trans_a, trans_b] = [Number(transA), Number(transB)];
  const y = empty(a.device, [...batchShape, m, n], "f32", "matmul");
  // operands with k outermost, as in weight gradients, can be cut along it
  const splittable = transA && !transB && batch === 1 && !bias && !activation;
  const splits = splittable ? partsOf(kernels.matmul, a, { m, n, k }) : 1;
  if (splits > 1) {
    const part = k / splits;
    const parts = empty(a.device, [splits, m, n], "f32", "matmul");
    run(kernels.matmul, {
      a,
      b,
      bias: a,
      out: parts,
      trans_a,
      trans_b,
      slope,
      a_outer: 0,
      a_inner: part * m,
      b_outer: 0,
      b_inner: part * n,
      m,
      n,
      k: part,
      batch: splits,
      batch_inner: splits,
      has_bias: 0,
      activation: ACTIVATION.none,
    });
    const total = view(sum(parts, 0), y.shape);
    parts.dispose();
    y.dispose();
    return total;
  }
  // named one by one, as launches are that every step makes: an engine keeps what is spread together as a dictionary, some kilobytes each
  run(kernels.matmul, {
    a,
    b,
    bias: bias ?? a,
    out: y,
    trans_a,
    trans_b,
    slope,
    m,
    n,
    k,
    batch,
    batch_inner: inner!.size,
    a_outer: outer!.a * m * k,
    a_inner: inner!.a * m * k,
    b_outer: outer!.b * k * n,
    b_inner: inner!.b * k * n,
    has_bias: Number(bias !== undefined),
    activation: ACTIVATION[activation ?? "none"],
  });
  return y;
}

/**
 * x wᵀ + b over the last axis: the fully connected layer.
 * @param x [..., in]
 * @param w [out, in]
 * @param b [out]
 */
export function linear(
  x: Tensor,
  w: Tensor,
  b?: Tensor,
  options: Pick<MatmulOptions, "activation" | "slope"> = {},
): Tensor {
  const rows = x.rank === 1 ? view(x, [1, x.size]) : x;
  const input = rows === x ? x : record("linear", rows, [x], (dy) => [() => view(dy, x.shape)]);
  const y = matmul(input, w, { ...options, transB: true, ...(b && { bias: b }) });
  if (rows === x) return y;
  return record("linear", view(y, [y.size]), [y], (dy) => [() => view(dy, y.shape)]);
}
