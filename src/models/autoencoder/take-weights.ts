import type { CodeNetwork } from "../../nn/code-network";
import type { Training } from "../../training/training";

/**
 * Takes over the weights of a trained network in place of training one.
 * @param training of the network, whose `stages` then count as done
 * @throws when the layers differ, and when training has begun
 */
export async function takeWeights<N extends CodeNetwork>(
  op: string,
  network: N,
  training: Training,
  stages: number,
  from: N,
): Promise<void> {
  const sizes = (of: N): string =>
    Object.entries(of.stateDict())
      .map(([name, { shape }]) => `${name} ${shape.join("x")}`)
      .join();
  if (sizes(network) !== sizes(from)) throw new Error(`${op}: the layers must be those of the network that is given`);
  const weights = Object.entries(from.stateDict()).map(
    async ([name, tensor]) => [name, { shape: tensor.shape, data: await tensor.data() }] as const,
  );
  training.skip(op, stages);
  network.loadStateDict(Object.fromEntries(await Promise.all(weights)));
}
