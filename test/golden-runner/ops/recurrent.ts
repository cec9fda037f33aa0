import * as c from "constella";
import type { Tensor } from "constella";
import { tensors } from "../adapter";
import type { Adapters } from "../adapter";

type Inputs = Readonly<Record<string, Tensor>>;

const oneDirection = (x: Tensor): Tensor => c.reshape(x, [1, ...x.shape]);

/** Weights of both directions by their names in the format, which may have a prefix. */
const both = (inputs: Inputs, x: Tensor, prefix = ""): Tensor => {
  const pair = (name: string): Tensor => c.stack([inputs[`${prefix}${name}_f`]!, inputs[`${prefix}${name}_b`]!]);
  return c.lstm(x, pair("w_ih"), pair("w_hh"), pair("b"));
};

/** How many layers the prefixes l0_, l1_, … name. */
const layersOf = (inputs: Inputs): number =>
  Object.keys(inputs).reduce((most, name) => Math.max(most, Number(/^l(\d+)_/.exec(name)?.[1] ?? -1) + 1), 0);

export const RECURRENT: Adapters = {
  lstm: tensors<{ x: Tensor; w_ih: Tensor; w_hh: Tensor; b: Tensor; h0?: Tensor; c0?: Tensor }>(
    ({ x, w_ih, w_hh, b, h0, c0 }) => {
      const {
        y,
        h,
        c: cell,
      } = c.lstmStates(x, oneDirection(w_ih), oneDirection(w_hh), oneDirection(b), {
        ...(h0 && { h0: oneDirection(h0) }),
        ...(c0 && { c0: oneDirection(c0) }),
      });
      return { y, h_n: c.reshape(h, h.shape.slice(1)), c_n: c.reshape(cell, cell.shape.slice(1)) };
    },
  ),
  bilstm: tensors<Inputs>((inputs) => ({ y: both(inputs, inputs["x"]!) })),
  rbdlstm: tensors<Inputs>((inputs) => ({ y: c.add(inputs["x"]!, both(inputs, inputs["x"]!)) })),
  rbdlstm_stack: tensors<Inputs>((inputs) => {
    let y = inputs["x"]!;
    for (let l = 0; l < layersOf(inputs); l++) y = c.add(y, both(inputs, y, `l${l}_`));
    return { y };
  }),
};
