import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

const unary = (f: (x: Tensor) => Tensor) => tensors<{ x: Tensor }>(({ x }) => ({ y: f(x) }));
const binary = (f: (a: Tensor, b: Tensor) => Tensor) =>
  tensors<{ a: Tensor; b: Tensor }>(({ a, b }) => ({ y: f(a, b) }));

export const ELEMENTWISE: Adapters = {
  add: binary(c.add),
  sub: binary(c.sub),
  mul: binary(c.mul),
  div: binary(c.div),
  pow: binary(c.pow),
  exp: unary(c.exp),
  log: unary(c.log),
  sqrt: unary(c.sqrt),
  tanh: unary(c.tanh),
  sigmoid: unary(c.sigmoid),
  relu: unary(c.relu),
  abs: unary(c.abs),
  square: unary(c.square),
  neg: unary(c.neg),
  softplus: unary(c.softplus),
  leaky_relu: tensors<{ x: Tensor }, { slope: number }>(({ x }, { slope }) => ({ y: c.leakyRelu(x, slope) })),
  pow_scalar: tensors<{ x: Tensor }, { exponent: number }>(({ x }, { exponent }) => ({ y: c.powScalar(x, exponent) })),
};
