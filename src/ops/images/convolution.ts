import { record } from "../../graph";
import { isWhole } from "../../checks";
import * as kernels from "../../kernels/images";
import { empty, format, partsOf, run, sameShape, view } from "../../tensor";
import type { Tensor } from "../../tensor";
import { ACTIVATION } from "../activation";
import { activationGradient } from "../elementwise";
import type { Activation } from "../elementwise";
import { sum } from "../reduce";
import { pairOf } from "./pair";
import type { Pair } from "./pair";

/** Options of `conv2d`. */
export interface Conv2dCall {
  /** Pixels from one window to the next; default 1. */
  readonly stride?: Pair;
  /**
   * Zeros on each side; default 0. "same" puts as many on all sides together as it takes for ⌈size / stride⌉ outputs; an
   * odd one goes below and to the right.
   */
  readonly padding?: Pair | "same";
  /** Applied last, in the same kernel. */
  readonly activation?: Activation;
  /** Slope of `leakyRelu`; default 0.01. */
  readonly slope?: number;
}

/** Options of `convTranspose2d`. */
export interface ConvTranspose2dCall {
  /** Pixels of the output from one input to the next; default 1. */
  readonly stride?: Pair;
  /** Pixels cut off each side of the output; default 0. */
  readonly padding?: Pair;
  /** Rows and columns added below and to the right of the output, fewer than the stride; default 0. */
  readonly outputPadding?: Pair;
  /** Applied last, in the same kernel. */
  readonly activation?: Activation;
  /** Slope of `leakyRelu`; default 0.01. */
  readonly slope?: number;
}

/** Sizes of x [n,c,h,w] ⋆ weight [o,c,kh,kw] = y [n,o,oh,ow], with strides sh, sw and the zeros above and left of x. */
interface Geometry {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly o: number;
  readonly oh: number;
  readonly ow: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly ph: number;
  readonly pw: number;
}

/** What follows the sums in the same kernel. */
interface Epilogue {
  readonly bias?: Tensor | undefined;
  readonly activation?: Activation | undefined;
  readonly slope: number;
}

/** Largest kernel and stride, which the work area of a thread is made for. */
const LARGEST = 255;

function pair(op: string, name: string, size: Pair, least: number): readonly [number, number] {
  const [h, w] = pairOf(size);
  if (![h, w].every((value) => isWhole(value, least, LARGEST)))
    throw new Error(`${op}: the ${name} must be whole numbers from ${least} to ${LARGEST}, got [${h}, ${w}]`);
  return [h, w];
}

function checkShapes(op: string, x: Tensor, weight: Tensor, outputs: number, bias: Tensor | undefined): void {
  const [first, second] = op === "conv2d" ? ["o", "c"] : ["c", "o"];
  if (x.rank !== 4) throw new Error(`${op}: x must be [n, c, h, w], got ${format(x)}`);
  if (weight.rank !== 4)
    throw new Error(`${op}: the weight must be [${first}, ${second}, kh, kw], got ${format(weight)}`);
  if (x.shape[1] !== weight.shape[op === "conv2d" ? 1 : 0])
    throw new Error(`${op}: channels must agree, got x ${format(x)} and weight ${format(weight)}`);
  pair(op, "kernel's sides", [weight.shape[2]!, weight.shape[3]!], 1);
  if (bias && !sameShape(bias.shape, [outputs]))
    throw new Error(`${op}: the bias must be of shape [${outputs}], got ${format(bias)}`);
}

/** Zeros before an axis, and the outputs along it. */
function windows(
  size: number,
  kernel: number,
  stride: number,
  padding: number | "same",
): readonly [before: number, outputs: number] {
  if (padding !== "same") return [padding, Math.floor((size + 2 * padding - kernel) / stride) + 1];
  const outputs = Math.ceil(size / stride);
  return [Math.floor(Math.max(0, (outputs - 1) * stride + kernel - size) / 2), outputs];
}

/** Images of which every pixel stands alone are one long row: no tile ends at the end of a short one. */
function flatten(g: Geometry): Geometry {
  const pointwise = g.kh * g.kw * g.sh * g.sw === 1 && g.ph + g.pw === 0 && g.oh === g.h && g.ow === g.w;
  return pointwise ? { ...g, h: 1, w: g.h * g.w, oh: 1, ow: g.h * g.w } : g;
}

/** y [n,o,oh,ow] = act(x ⋆ weight + bias). Arguments of launches here stand one by one: an engine keeps what is spread together as a dictionary. */
function forward(op: string, x: Tensor, weight: Tensor, g: Geometry, epilogue: Epilogue): Tensor {
  const y = empty(x.device, [g.n, g.o, g.oh, g.ow], "f32", op);
  const { n, c, h, w, o, oh, ow, kh, kw, sh, sw, ph, pw } = flatten(g);
  if (n > 0)
    run(kernels.conv2d, {
      x,
      weight,
      bias: epilogue.bias ?? weight,
      y,
      n,
      c,
      h,
      w,
      m: o,
      rows: oh,
      columns: ow,
      taps_y: kh,
      taps_x: kw,
      step_y: sh,
      step_x: sw,
      top: -ph,
      left: -pw,
      out_h: oh,
      out_w: ow,
      out_step_y: 1,
      out_step_x: 1,
      out_y: 0,
      out_x: 0,
      weight_base: 0,
      weight_m: c * kh * kw,
      weight_c: kh * kw,
      weight_y: kw,
      weight_x: 1,
      has_bias: Number(epilogue.bias !== undefined),
      activation: ACTIVATION[epilogue.activation ?? "none"],
      slope: epilogue.slope,
    });
  return y;
}

/** What of a kernel meets the pixels at `remainder` by the stride along one axis, as a convolution of stride 1 with dy. */
function phase(
  remainder: number,
  size: number,
  kernel: number,
  stride: number,
  before: number,
): { count: number; taps: number; last: number; start: number } {
  const tap = (remainder + before) % stride; // the first that meets them
  const taps = Math.ceil(Math.max(0, kernel - tap) / stride);
  const last = tap + Math.max(0, taps - 1) * stride; // taps run backwards
  return {
    count: Math.ceil((size - remainder) / stride),
    taps,
    last,
    start: (remainder + before - tap) / stride - (taps - 1),
  };
}

/** dx [n,c,h,w] = act(transpose of (x ↦ x ⋆ weight) at dy [n,o,oh,ow] + bias): one convolution for each remainder by the stride. */
function backwardInput(op: string, dy: Tensor, weight: Tensor, g: Geometry, epilogue: Epilogue): Tensor {
  const dx = empty(dy.device, [g.n, g.c, g.h, g.w], "f32", op);
  const { n, c, h, w, o, oh, ow, kh, kw, sh, sw, ph, pw } = flatten(g);
  for (let y = 0; y < Math.min(sh, h) && n > 0; y++)
    for (let x = 0; x < Math.min(sw, w); x++) {
      const [rows, columns] = [phase(y, h, kh, sh, ph), phase(x, w, kw, sw, pw)];
      run(kernels.conv2d, {
        x: dy,
        weight,
        bias: epilogue.bias ?? weight,
        y: dx,
        n,
        c: o,
        h: oh,
        w: ow,
        m: c,
        rows: rows.count,
        columns: columns.count,
        taps_y: rows.taps,
        taps_x: columns.taps,
        step_y: 1,
        step_x: 1,
        top: rows.start,
        left: columns.start,
        out_h: h,
        out_w: w,
        out_step_y: sh,
        out_step_x: sw,
        out_y: y,
        out_x: x,
        weight_base: rows.last * kw + columns.last,
        weight_m: kh * kw,
        weight_c: c * kh * kw,
        weight_y: -sh * kw,
        weight_x: -sw,
        has_bias: Number(epilogue.bias !== undefined),
        activation: ACTIVATION[epilogue.activation ?? "none"],
        slope: epilogue.slope,
      });
    }
  return dx;
}

/** dw [o,c,kh,kw] = Σ dy · shifted x, in chunks of rows that are added up in order. */
function backwardWeight(op: string, x: Tensor, dy: Tensor, full: Geometry): Tensor {
  const g = flatten(full);
  const rows = g.n * g.oh;
  const most = partsOf(kernels.conv2dBackwardWeight, x, g);
  const length = Math.max(1, Math.ceil(rows / most));
  const chunks = Math.max(1, Math.ceil(rows / length));
  const parts = empty(x.device, [chunks, g.o, g.c, full.kh, full.kw], "f32", op);
  const { n, c, h, w, o, oh, ow, kh, kw, sh, sw, ph, pw } = g;
  run(kernels.conv2dBackwardWeight, {
    x,
    dy,
    dw: parts,
    n,
    c,
    h,
    w,
    o,
    oh,
    ow,
    kh,
    kw,
    sh,
    sw,
    ph,
    pw,
    chunks,
    length,
  });
  if (chunks === 1) return view(parts, parts.shape.slice(1));
  const dw = sum(parts, 0);
  parts.dispose();
  return dw;
}

/**
 * Convolution as networks have it (cross-correlation), with zeros around x:
 * y[i, o, Y, X] = act(bias[o] + Σ weight[o, c, t, u] x[i, c, Y·stride + t − padding, X·stride + u − padding]).
 * @param x [n, c, h, w]
 * @param weight [o, c, kh, kw]
 * @param bias [o]
 * @returns [n, o, ⌊(h + 2·padding − kh) / stride⌋ + 1, …]
 * @throws when ranks or channels do not fit, the kernel is larger than the padded input, or sizes are no whole numbers
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dCall = {}): Tensor {
  const { stride = 1, padding = 0, activation, slope = 0.01 } = options;
  checkShapes("conv2d", x, weight, weight.shape[0]!, bias);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [o, , kh, kw] = weight.shape as [number, number, number, number];
  const [sh, sw] = pair("conv2d", "stride", stride, 1);
  const [above, beside] = padding === "same" ? [padding, padding] : pair("conv2d", "padding", padding, 0);
  const [ph, oh] = windows(h, kh, sh, above);
  const [pw, ow] = windows(w, kw, sw, beside);
  if (oh < 1 || ow < 1)
    throw new Error(`conv2d: the kernel [${kh}, ${kw}] must fit the padded input, got x ${format(x)}`);
  const g: Geometry = { n, c, h, w, o, oh, ow, kh, kw, sh, sw, ph, pw };
  const y = forward("conv2d", x, weight, g, { bias, activation, slope });
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return record("conv2d", y, inputs, (dy) => {
    let dz: Tensor | undefined;
    const gradient = (): Tensor => (dz ??= activation ? activationGradient(activation, y, dy, slope) : dy);
    const thunks = [
      () => backwardInput("conv2d", gradient(), weight, g, { slope }),
      () => backwardWeight("conv2d", x, gradient(), g),
      () => sum(gradient(), [0, 2, 3]),
    ];
    return thunks.slice(0, inputs.length);
  });
}

/**
 * Transposed convolution: the gradient of `conv2d` with respect to its input, as a layer that enlarges images.
 * y[i, o, Y·stride + t − padding, X·stride + u − padding] sums weight[c, o, t, u] x[i, c, Y, X]; then act(y + bias[o]).
 * @param x [n, c, h, w]
 * @param weight [c, o, kh, kw]
 * @param bias [o]
 * @returns [n, o, (h − 1)·stride − 2·padding + kh + outputPadding, …]
 * @throws when ranks or channels do not fit, the output would be empty, the output padding reaches the stride, or sizes
 * are no whole numbers
 */
export function convTranspose2d(x: Tensor, weight: Tensor, bias?: Tensor, options: ConvTranspose2dCall = {}): Tensor {
  const op = "convTranspose2d";
  const { stride = 1, padding = 0, outputPadding = 0, activation, slope = 0.01 } = options;
  checkShapes(op, x, weight, weight.shape[1]!, bias);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [, o, kh, kw] = weight.shape as [number, number, number, number];
  const [sh, sw] = pair(op, "stride", stride, 1);
  const [ph, pw] = pair(op, "padding", padding, 0);
  const [more, wider] = pair(op, "output padding", outputPadding, 0);
  if (more >= sh || wider >= sw)
    throw new Error(
      `${op}: the output padding must be smaller than the stride, got [${more}, ${wider}] and [${sh}, ${sw}]`,
    );
  const oh = (h - 1) * sh - 2 * ph + kh + more;
  const ow = (w - 1) * sw - 2 * pw + kw + wider;
  if (oh < 1 || ow < 1) throw new Error(`${op}: nothing is left of the output, x ${format(x)}`);
  // the convolution that this is the transpose of goes from y to x
  const g: Geometry = { n, c: o, h: oh, w: ow, o: c, oh: h, ow: w, kh, kw, sh, sw, ph, pw };
  const y = backwardInput(op, x, weight, g, { bias, activation, slope });
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return record(op, y, inputs, (dy) => {
    let dz: Tensor | undefined;
    const gradient = (): Tensor => (dz ??= activation ? activationGradient(activation, y, dy, slope) : dy);
    const thunks = [
      () => forward(op, gradient(), weight, g, { slope }),
      () => backwardWeight(op, gradient(), x, g),
      () => sum(gradient(), [0, 2, 3]),
    ];
    return thunks.slice(0, inputs.length);
  });
}
