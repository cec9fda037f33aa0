import { parameter, tensor } from "constella";
import type { Tensor } from "constella";
import { exported, onDevice } from "./adapter";
import type { Adapters, ComputeAdapter } from "./adapter";
import type { Attributes, Values } from "./format";

type OptimizerClass = new (params: Tensor[], options: Attributes) => { step(grads: Tensor[]): void; dispose(): void };

/** Ten steps from p0 along the given gradients; the parameters after each. Options are spelled as in the golden format. */
const optimizer = (name: string): ComputeAdapter =>
  onDevice<{ p0: Values; grad_seq: Values }, Attributes>(
    async ({ p0, grad_seq }, { steps: _, ...options }, { device }) => {
      const p = parameter(device, p0.data as Float32Array, p0.shape);
      const Optimizer = exported<OptimizerClass>(name);
      const optimizer = new Optimizer([p], options);
      const steps = grad_seq.shape[0]!;
      const params = new Float32Array(steps * p.size);
      for (let step = 0; step < steps; step++) {
        const grad = tensor(
          device,
          (grad_seq.data as Float32Array).subarray(step * p.size, (step + 1) * p.size),
          p.shape,
        );
        optimizer.step([grad]);
        params.set(await p.data(), step * p.size);
        grad.dispose();
      }
      optimizer.dispose();
      p.dispose();
      return { params: { data: params, shape: [steps, ...p.shape] } };
    },
    name,
  );

export const OPTIMIZERS: Adapters = {
  sgd: optimizer("SGD"),
  adam: optimizer("Adam"),
  adamw: optimizer("AdamW"),
  rmsprop: optimizer("RMSprop"),
  adadelta: optimizer("Adadelta"),
};
