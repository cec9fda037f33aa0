import { Adadelta, Adam, AdamW, parameter, RMSprop, SGD, tensor } from "constella";
import type { Tensor } from "constella";
import { onDevice } from "../adapter";
import type { Adapters, ComputeAdapter } from "../adapter";
import type { Values } from "../format";

interface Steps {
  step(grads: Tensor[]): void;
  dispose(): void;
}

/** Steps from p0 along the given gradients; the parameters after each. The options have the names of the attributes, but for the number of steps. */
const optimizer = <Options>(Optimizer: new (params: Tensor[], options: Options) => Steps): ComputeAdapter =>
  onDevice<{ p0: Values; grad_seq: Values }, Options & { steps?: number }>(async (inputs, attrs, { device }) => {
    const { p0, grad_seq } = inputs;
    const { steps: _, ...options } = attrs;
    const gradients = grad_seq.data as Float32Array;
    const p = parameter(device, p0.data as Float32Array, p0.shape);
    const optimizer = new Optimizer([p], options as Options);
    const steps = grad_seq.shape[0]!;
    const params = new Float32Array(steps * p.size);
    for (let step = 0; step < steps; step++) {
      const grad = tensor(device, gradients.subarray(step * p.size, (step + 1) * p.size), p.shape);
      optimizer.step([grad]);
      params.set(await p.data(), step * p.size);
      grad.dispose();
    }
    optimizer.dispose();
    p.dispose();
    return { params: { data: params, shape: [steps, ...p.shape] } };
  });

export const OPTIMIZERS: Adapters = {
  sgd: optimizer(SGD),
  adam: optimizer(Adam),
  adamw: optimizer(AdamW),
  rmsprop: optimizer(RMSprop),
  adadelta: optimizer(Adadelta),
};
