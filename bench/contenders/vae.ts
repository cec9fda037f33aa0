import {
  add,
  concat,
  conv2d,
  convTranspose2d,
  flatten,
  grad,
  linear,
  mul,
  parameter,
  reshape,
  scale,
  SGD,
  slice,
  tensor,
  tidy,
  type Tensor,
} from "constella";
import { klMixtureMonteCarlo, klNormal, reparameterize, squaredError } from "constella/generative";
import type { Program } from "../workload";
import { innermost, type VaeProblem } from "../workloads/vae";
import { start, type Setup } from "./constella";
import { concatenate } from "./tfjs";

/** One training step of a variational autoencoder. */
export const vae =
  (setup: Setup) =>
  async (problem: VaeProblem): Promise<Program> => {
    const { batch, shape, layers, latents, style, prior, sigma, learningRate, momentum } = problem;
    const device = await start(setup);
    const parameters = problem.parameters.map(({ shape, values }) => parameter(device, values, [...shape]));
    const optimizer = new SGD(parameters, { lr: learningRate, momentum });
    const input = tensor(device, problem.x, [batch, ...shape]);
    const eps = tensor(device, problem.eps, [batch, latents]);
    const keep = tensor(device, problem.keep, [batch, 1]);
    const isConvolutional = shape.length > 1;
    const leaky = { activation: "leakyRelu", slope: 0.1 } as const;
    const { side } = innermost(problem);
    const forward = (): Tensor => {
      const rest = parameters.values();
      const take = (): Tensor => rest.next().value!;
      const halved = { stride: 2, padding: 1 } as const;
      let h = input;
      for (const _ of layers)
        h = isConvolutional ? conv2d(h, take(), take(), { ...halved, ...leaky }) : linear(h, take(), take(), leaky);
      const code = linear(isConvolutional ? flatten(h) : h, take(), take());
      const part = (from: number, to: number): Tensor => slice(code, [0, from], [batch, to]);
      const [mu, logvar] = [part(0, latents), part(latents, 2 * latents)];
      const z = reparameterize(mu, logvar, eps);
      const free = style > 0 ? [mul(part(2 * latents, 2 * latents + style), keep)] : [];
      h = linear(free.length > 0 ? concat([z, ...free], 1) : z, take(), take(), leaky);
      if (isConvolutional) h = reshape(h, [batch, layers.at(-1)!, side, side]);
      layers.forEach((_, i) => {
        const activation = i === layers.length - 1 ? {} : leaky;
        h = isConvolutional
          ? convTranspose2d(h, take(), take(), { ...halved, outputPadding: 1, ...activation })
          : linear(h, take(), take(), activation);
      });
      const held = prior === "normal" ? klNormal(mu, logvar) : klMixtureMonteCarlo(mu, logvar, eps);
      return add(scale(squaredError(input, h), 0.5 / sigma ** 2), held);
    };
    const losses: number[] = [];
    return {
      run: async () => {
        using loss = tidy(() => {
          const loss = forward();
          optimizer.step(grad(loss, parameters));
          return loss;
        });
        losses.push(await loss.item());
      },
      result: async () => {
        const arrays = await Promise.all(parameters.map((p) => p.data()));
        return { losses, parameters: concatenate(arrays as Float32Array[]) };
      },
    };
  };
