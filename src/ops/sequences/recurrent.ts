import { noGrad, record } from "../../graph";
import * as kernels from "../../kernels/sequences";
import { empty, format, run, sameShape } from "../../tensor";
import type { Tensor } from "../../tensor";
import { contiguousStrides, copyBox, slice, stack, transpose, zeros } from "../layout";
import { matmul } from "../matmul";
import { sum } from "../reduce";
import { reshape } from "../shape";

/** Options of `lstm` and `lstmStates`. */
export interface LSTMOptions {
  /** Gates i, f, o: 1 / (1 + e⁻ᶻ), or Keras's former clip(0.2 z + 0.5, 0, 1) with `hardSigmoid`. Default `sigmoid`. */
  readonly gates?: "sigmoid" | "hardSigmoid";
  /** State before the first step, [d, n, h]; default 0. */
  readonly h0?: Tensor;
  /** Cell before the first step, [d, n, h]; default 0. */
  readonly c0?: Tensor;
}

/** What `lstmStates` gives. */
export interface LSTMStates {
  /** Outputs of every step, [n, t, d·h]: the forward direction's, then the backward direction's. */
  readonly y: Tensor;
  /** Output of each direction's own last step, [d, n, h]: the backward direction's is that of element 0. */
  readonly h: Tensor;
  /** Cell of each direction's own last step, [d, n, h]. */
  readonly c: Tensor;
}

interface Sizes {
  readonly n: number;
  readonly t: number;
  readonly h: number;
  readonly directions: number;
}

function check(x: Tensor, w: Tensor, u: Tensor, b: Tensor, { h0, c0 }: LSTMOptions): Sizes {
  const [n = 0, t = 0, e = 0] = x.shape;
  const [directions = 0, rows = 0, h = 0] = u.shape;
  if (x.rank !== 3 || x.size === 0)
    throw new Error(`lstm: x must be [sequences, steps, features], none of them 0, got ${format(x)}`);
  if (u.rank !== 3 || rows !== 4 * h || h === 0 || (directions !== 1 && directions !== 2))
    throw new Error(`lstm: the recurrent weight must be [directions (1 or 2), 4 units, units], got ${format(u)}`);
  if (!sameShape(w.shape, [directions, rows, e]))
    throw new Error(`lstm: the input weight must be ${format([directions, rows, e])}, got ${format(w)}`);
  if (!sameShape(b.shape, [directions, rows]))
    throw new Error(`lstm: the bias must be ${format([directions, rows])}, got ${format(b)}`);
  for (const state of [h0, c0])
    if (state && !sameShape(state.shape, [directions, n, h]))
      throw new Error(`lstm: initial states must be ${format([directions, n, h])}, got ${format(state)}`);
  return { n, t, h, directions };
}

/** h of the step before for every step, [d, n·t, h], from y and, before the first step, from `start`. */
function previousHidden(y: Tensor, start: Tensor, { n, t, h, directions }: Sizes): Tensor {
  const previous = empty(y.device, [directions, n * t, h], "f32", "lstm");
  const strides = [t * h, h, 1];
  for (let d = 0; d < directions; d++) {
    const origin = d * n * t * h;
    const [to, from] = d === 0 ? [1, 0] : [0, 1];
    const xStrides = contiguousStrides([n, t, directions * h]);
    copyBox({
      ...{ x: y, y: previous, sizes: [n, t - 1, h], xStrides, yStrides: strides },
      ...{ xFirst: from * directions * h + d * h, yFirst: origin + to * h },
    });
    copyBox({
      ...{ x: start, y: previous, sizes: [n, 1, h], xStrides: [h, h, 1], yStrides: strides },
      ...{ xFirst: d * n * h, yFirst: origin + (d === 0 ? 0 : (t - 1) * h) },
    });
  }
  return previous;
}

/** Runs the recurrence; the cells of the last steps are taken out only where asked for. */
function recur(
  x: Tensor,
  w: Tensor,
  u: Tensor,
  b: Tensor,
  options: LSTMOptions,
): { y: Tensor; sizes: Sizes; lastCell: () => Tensor } {
  const sizes = check(x, w, u, b, options);
  const { n, t, h, directions } = sizes;
  const { device } = x;
  const shared = { ...sizes, hard: Number(options.gates === "hardSigmoid") };
  const z = matmul(reshape(x, [1, n * t, x.shape[2]!]), w, { transB: true });
  const zeroState = (): Tensor => zeros(device, [directions, n, h]);
  const start =
    options.h0 || options.c0
      ? stack([options.h0 ?? zeroState(), options.c0 ?? zeroState()])
      : zeros(device, [2, directions, n, h]);
  const c = empty(device, [directions, n, t, h], "f32", "lstm");
  const y = empty(device, [n, t, directions * h], "f32", "lstm");
  const columns = noGrad(() => transpose(u, [0, 2, 1]));
  run(kernels.lstm, { bias: b, u: columns, start, z, c, y, ...shared });
  columns.dispose();
  // z holds the gates from here on: no gradient of the product needs what it was
  const inputs = [z, u, b, start];
  const backward = (dy: Tensor, carry: Tensor): readonly (() => Tensor)[] => {
    let solved: Tensor | undefined;
    const dz = (): Tensor => {
      if (!solved) {
        solved = empty(device, z.shape, "f32", "lstm");
        run(kernels.lstmBackward, { u, gates: z, c, start, dy, carry, dz: solved, ...shared });
      }
      return solved;
    };
    return [
      dz,
      () => matmul(dz(), previousHidden(y, start, sizes), { transA: true }),
      () => sum(dz(), 1),
      () => (dz(), carry),
    ];
  };
  record("lstm", y, inputs, (dy) => backward(dy, zeros(device, start.shape)));
  const lastCell = (): Tensor => {
    const cell = noGrad(() => ends(c, sizes));
    return record("lstm", cell, inputs, (dc) => backward(zeros(device, y.shape), stack([zeroState(), dc])));
  };
  return { y, sizes, lastCell };
}

/** From c [d, n, t, h] what each direction ends with, [d, n, h]. */
function ends(c: Tensor, { n, t, h, directions }: Sizes): Tensor {
  const last = slice(c, [0, 0, t - 1], [1, n, t]);
  if (directions === 1) return reshape(last, [1, n, h]);
  const first = slice(c, [1, 0, 0], [2, n, 1]);
  return stack([reshape(last, [n, h]), reshape(first, [n, h])]);
}

/**
 * Long short-term memory over whole sequences (Hochreiter & Schmidhuber 1997; Gers et al. 2000), batch first, in one direction or
 * both: z = x Wᵀ + h' Uᵀ + b in blocks i, f, g, o; c = σ(z_f) c' + σ(z_i) tanh(z_g), h = σ(z_o) tanh c. The blocks' order is
 * PyTorch's and Keras's alike. The second direction walks from the last step to the first, and its outputs keep their places.
 * Kept for the gradient: the gates and the cells, 5 floats a step, unit and direction.
 * @param x [n, t, e]
 * @param w [d, 4h, e], d = 1 direction or 2
 * @param u [d, 4h, h]
 * @param b [d, 4h]: PyTorch's two biases added up
 * @returns [n, t, d·h], the directions side by side
 * @throws when a shape does not fit the others or a size is 0
 */
export function lstm(x: Tensor, w: Tensor, u: Tensor, b: Tensor, options: LSTMOptions = {}): Tensor {
  return recur(x, w, u, b, options).y;
}

/** `lstm` with the states that the directions end with. The gradient of `c` costs a second backward pass. */
export function lstmStates(x: Tensor, w: Tensor, u: Tensor, b: Tensor, options: LSTMOptions = {}): LSTMStates {
  const { y, sizes, lastCell } = recur(x, w, u, b, options);
  const { n, t, h, directions } = sizes;
  const last = reshape(slice(y, [0, t - 1, 0], [n, t, h]), [1, n, h]);
  if (directions === 1) return { y, h: last, c: lastCell() };
  const first = reshape(slice(y, [0, 0, h], [n, 1, 2 * h]), [1, n, h]);
  return { y, h: reshape(stack([last, first]), [2, n, h]), c: lastCell() };
}
