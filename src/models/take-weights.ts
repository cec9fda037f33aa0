import type { Autoencoder } from "../nn/autoencoder";
import type { Training } from "../training/training";

/**
 * Takes over the weights of a trained autoencoder in place of training one.
 * @param training of the network, whose stages then count as done
 * @throws when the layers differ, and when training has begun
 */
export async function takeWeights(
  op: string,
  network: Autoencoder,
  training: Training,
  from: Autoencoder,
): Promise<void> {
  const sizes = ({ encoder }: Autoencoder): string[] => encoder.map(({ weight }) => weight.shape.join("x"));
  if (sizes(network).join() !== sizes(from).join())
    throw new Error(`${op}: the layers must be those of the network that is given`);
  const weights = Object.entries(from.stateDict()).map(
    async ([name, tensor]) => [name, { shape: tensor.shape, data: await tensor.data() }] as const,
  );
  training.skip(op, network.encoder.length + 1);
  network.loadStateDict(Object.fromEntries(await Promise.all(weights)));
}
