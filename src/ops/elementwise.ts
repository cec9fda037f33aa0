import { codes as binaryCodes } from "../../kernels/elementwise/binary.wgsl";
import { codes as unaryCodes } from "../../kernels/elementwise/unary.wgsl";
import { record } from "../graph";
import * as kernels from "../kernels/elementwise";
import { empty, format, run, sameShape, tensor, Tensor } from "../tensor";
import type { Shape } from "../tensor";
import { broadcastShape, mergeAxes } from "./broadcast";
import type { Axis } from "./broadcast";

/** `sin` and `cos`, each the other's derivative, have no gradient kernel. */
const UNARY = {
  abs: unaryCodes.ABS,
  neg: unaryCodes.NEG,
  exp: unaryCodes.EXP,
  log: unaryCodes.LOG,
  sqrt: unaryCodes.SQRT,
  square: unaryCodes.SQUARE,
  tanh: unaryCodes.TANH,
  sigmoid: unaryCodes.SIGMOID,
  relu: unaryCodes.RELU,
  leakyRelu: unaryCodes.LEAKY_RELU,
  softplus: unaryCodes.SOFTPLUS,
  powScalar: unaryCodes.POWER,
  scale: unaryCodes.SCALE,
  shift: unaryCodes.SHIFT,
  floorAt: unaryCodes.FLOOR_AT,
  sin: unaryCodes.SIN,
  cos: unaryCodes.COS,
} as const;

/** f(x) without its gradient. */
function applied(name: keyof typeof UNARY, x: Tensor, alpha = 0): Tensor {
  const y = empty(x.device, x.shape, "f32", name);
  run(kernels.unary, { x, y, n: x.size, op: UNARY[name], alpha });
  return y;
}

function unary(name: keyof typeof UNARY, x: Tensor, alpha = 0): Tensor {
  const op = UNARY[name];
  const y = applied(name, x, alpha);
  return record(name, y, [x], (dy) => [
    () => {
      const dx = empty(x.device, x.shape, "f32", name);
      run(kernels.unaryBackward, { x, y, dy, dx, n: x.size, op, alpha });
      return dx;
    },
  ]);
}

/** Activations that a matmul can apply in its epilogue: their derivatives follow from their outputs alone. */
export type Activation = "relu" | "leakyRelu" | "sigmoid" | "tanh";

/** dy·f'(x) of an activation by its output y = f(x); not differentiable itself. */
export function activationGradient(name: Activation, y: Tensor, dy: Tensor, slope: number): Tensor {
  const dx = empty(y.device, y.shape, "f32", name);
  run(kernels.unaryBackward, { x: y, y, dy, dx, n: y.size, op: UNARY[name], alpha: slope });
  return dx;
}

/** |x|; the gradient at 0 is 0. */
export const abs = (x: Tensor): Tensor => unary("abs", x);
/** −x */
export const neg = (x: Tensor): Tensor => unary("neg", x);
/** eˣ */
export const exp = (x: Tensor): Tensor => unary("exp", x);
/** ln x */
export const log = (x: Tensor): Tensor => unary("log", x);
/** √x */
export const sqrt = (x: Tensor): Tensor => unary("sqrt", x);
/** x² */
export const square = (x: Tensor): Tensor => unary("square", x);
/** (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) */
export const tanh = (x: Tensor): Tensor => unary("tanh", x);
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = (x: Tensor): Tensor => unary("sigmoid", x);
/** max(x, 0); the gradient at 0 is 0. */
export const relu = (x: Tensor): Tensor => unary("relu", x);
/** x for x > 0, else slope·x; the gradient at 0 is the slope. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => unary("leakyRelu", x, slope);
/** ln(1 + eˣ), without overflow */
export const softplus = (x: Tensor): Tensor => unary("softplus", x);
/** sin x, to 1e-7 for |x| below 1,000 radians; the error grows with |x|. */
export const sin = (x: Tensor): Tensor => record("sin", applied("sin", x), [x], (dy) => [() => mul(dy, cos(x))]);
/** cos x, as exact as `sin`. */
export const cos = (x: Tensor): Tensor => record("cos", applied("cos", x), [x], (dy) => [() => neg(mul(dy, sin(x)))]);
/** x to a constant power. Negative x needs a whole exponent. */
export const powScalar = (x: Tensor, exponent: number): Tensor => unary("powScalar", x, exponent);
/** x times a constant */
export const scale = (x: Tensor, factor: number): Tensor => unary("scale", x, factor);
/** x plus a constant */
export const shift = (x: Tensor, term: number): Tensor => unary("shift", x, term);
/** max(x, bound) for a constant bound; no gradient passes where the bound holds. */
export const floorAt = (x: Tensor, bound: number): Tensor => unary("floorAt", x, bound);

const BINARY = {
  add: binaryCodes.ADD,
  sub: binaryCodes.SUB,
  mul: binaryCodes.MUL,
  div: binaryCodes.DIV,
  pow: binaryCodes.POW,
  maximum: binaryCodes.MAXIMUM,
  minimum: binaryCodes.MINIMUM,
  first: binaryCodes.FIRST,
  equal: binaryCodes.EQUAL,
  greater: binaryCodes.GREATER,
} as const;

/** A tensor, or a number that stands for one everywhere. */
export type Operand = Tensor | number;

/** Launches a binary kernel over the given shape, to which both operands broadcast. */
function launch(name: keyof typeof BINARY, a: Tensor, b: Tensor, shape: Shape): Tensor {
  const y = empty(a.device, shape, "f32", name);
  const [x0, x1, x2, x3] = mergeAxes(name, shape, a.shape, b.shape) as [Axis, Axis, Axis, Axis];
  run(kernels.binary, {
    a,
    b,
    y,
    n: y.size,
    op: BINARY[name],
    d1: x1.size,
    d2: x2.size,
    d3: x3.size,
    a0: x0.a,
    a1: x1.a,
    a2: x2.a,
    a3: x3.a,
    b0: x0.b,
    b1: x1.b,
    b2: x2.b,
    b3: x3.b,
  });
  return y;
}

function binary(
  name: keyof typeof BINARY,
  left: Operand,
  right: Operand,
  backward?: (a: Tensor, b: Tensor, y: Tensor, dy: Tensor) => (() => Tensor)[],
): Tensor {
  const like = left instanceof Tensor ? left : right;
  if (!(like instanceof Tensor))
    throw new Error(`${name}: at least one operand must be a tensor, got ${String(left)} and ${String(right)}`);
  const a = left instanceof Tensor ? left : tensor(like.device, [left], []);
  const b = right instanceof Tensor ? right : tensor(like.device, [right], []);
  const y = launch(name, a, b, broadcastShape(name, a.shape, b.shape));
  return backward ? record(name, y, [a, b], (dy) => backward(a, b, y, dy)) : y;
}

/** a + b, broadcasting */
export const add = (a: Operand, b: Operand): Tensor => binary("add", a, b, (_a, _b, _y, dy) => [() => dy, () => dy]);
/** a − b, broadcasting */
export const sub = (a: Operand, b: Operand): Tensor =>
  binary("sub", a, b, (_a, _b, _y, dy) => [() => dy, () => neg(dy)]);
/** a·b element by element, broadcasting */
export const mul = (a: Operand, b: Operand): Tensor =>
  binary("mul", a, b, (a, b, _y, dy) => [() => mul(dy, b), () => mul(dy, a)]);
/** a / b, broadcasting */
export const div = (a: Operand, b: Operand): Tensor =>
  binary("div", a, b, (_a, b, y, dy) => [() => div(dy, b), () => neg(div(mul(dy, y), b))]);
/** aᵇ for a > 0, broadcasting; NaN where a is below 0. */
export const pow = (a: Operand, b: Operand): Tensor =>
  binary("pow", a, b, (a, b, y, dy) => [() => mul(dy, div(mul(b, y), a)), () => mul(dy, mul(y, log(a)))]);
/** The larger of a and b, broadcasting; where they are equal half the gradient goes to each. */
export const maximum = (a: Operand, b: Operand): Tensor => binary("maximum", a, b, (a, b, _y, dy) => chosen(dy, a, b));
/** The smaller of a and b, broadcasting; where they are equal half the gradient goes to each. */
export const minimum = (a: Operand, b: Operand): Tensor => binary("minimum", a, b, (a, b, _y, dy) => chosen(dy, b, a));
/** 1 where a = b, else 0, broadcasting; no gradient. */
export const equal = (a: Operand, b: Operand): Tensor => binary("equal", a, b);
/** 1 where a > b, else 0, broadcasting; no gradient. */
export const greater = (a: Operand, b: Operand): Tensor => binary("greater", a, b);

/** Gradients of `larger` and `smaller`, of which the first was taken where it is greater. */
function chosen(dy: Tensor, larger: Tensor, smaller: Tensor): (() => Tensor)[] {
  const share = (a: Tensor, b: Tensor): Tensor => mul(dy, add(greater(a, b), scale(equal(a, b), 0.5)));
  return [() => share(larger, smaller), () => share(smaller, larger)];
}

/** x repeated along axes of size 1 and new leading ones. @throws when the shape cannot be reached */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (!sameShape(broadcastShape("broadcastTo", x.shape, shape), shape))
    throw new Error(`broadcastTo: ${format(x)} does not broadcast to ${format(shape)}`);
  return record("broadcastTo", launch("first", x, x, shape), [x], (dy) => [() => dy]);
}
