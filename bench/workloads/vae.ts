import references from "./references.json";
import { checkSummary } from "./problems";
import { uniform, type Result } from "../workload";
import type { Parameter } from "./vgg";

/** Steps of SGD with momentum on a variational autoencoder: leaky ReLU 0.1 after every layer but the code and the reconstruction. */
export interface VaeProblem {
  readonly batch: number;
  /** Of an item: [channels, side, side], or [size] where there are no convolutions. */
  readonly shape: readonly number[];
  /** Channels of 3 × 3 convolutions that halve the image, or sizes of dense layers; the decoder mirrors them. */
  readonly layers: readonly number[];
  /** Units beside the latent ones that only reconstruct. */
  readonly style: number;
  /** What the latents are held to: KL in closed form to N(0, I), or by the draws to ½ N(−2, 0.5²) + ½ N(2, 0.5²). */
  readonly prior: "normal" | "mixture";
  readonly latents: number;
  /** Squared errors count ½/σ². */
  readonly sigma: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** [batch, …shape] */
  readonly x: Float32Array;
  /** Draws, [batch, latents]. */
  readonly eps: Float32Array;
  /** What style units are multiplied by, [batch]: 0 or 2. */
  readonly keep: Float32Array;
  /** Weight and bias of each layer, from the item to the code and back, shaped as PyTorch has them. */
  readonly parameters: readonly Parameter[];
}

type Sizes = Pick<VaeProblem, "batch" | "shape" | "layers" | "style" | "latents">;

const isConvolutional = ({ shape }: Sizes): boolean => shape.length > 1;

/** Values of the innermost planes, or of an item where there are none. */
export function innermost({ shape, layers }: Pick<Sizes, "shape" | "layers">): { planes: number; side: number } {
  const side = (shape[1] ?? 1) / 2 ** layers.length;
  return shape.length > 1 ? { planes: layers.at(-1)! * side * side, side } : { planes: layers.at(-1)!, side: 1 };
}

/** Shapes of all weights; of the transposed convolutions inputs come first. */
function weightShapes(sizes: Sizes): number[][] {
  const { shape, layers, latents, style } = sizes;
  const all = [shape[0]!, ...layers];
  const { planes } = innermost(sizes);
  const between = (from: number, to: number): number[] => (isConvolutional(sizes) ? [to, from, 3, 3] : [to, from]);
  const inwards = layers.map((to, i) => between(all[i]!, to));
  const back = [...all].reverse();
  const outwards = back.slice(1).map((to, i) => (isConvolutional(sizes) ? [back[i]!, to, 3, 3] : [to, back[i]!]));
  return [...inwards, [2 * latents + style, planes], [planes, latents + style], ...outwards];
}

function problem(sizes: Sizes & Pick<VaeProblem, "prior" | "learningRate">): VaeProblem {
  const { batch, shape, latents } = sizes;
  let seed = 90;
  const drawn = (shape: readonly number[], fanIn: number): Parameter => {
    const limit = 1 / Math.sqrt(fanIn);
    const values = uniform(
      shape.reduce((a, b) => a * b),
      seed++,
      -limit,
      limit,
    );
    return { shape, values };
  };
  const shapes = weightShapes(sizes);
  const first = shapes.length - sizes.layers.length;
  return {
    ...sizes,
    ...{ sigma: 0.1, momentum: 0.9 },
    x: uniform(batch * shape.reduce((a, b) => a * b), 80, -1, 1),
    eps: uniform(batch * latents, 81, -1.7, 1.7),
    keep: uniform(batch, 82, -1, 1).map((value) => (value > 0 ? 2 : 0)),
    parameters: shapes.flatMap((shape, i) => {
      const isTransposed = isConvolutional(sizes) && i >= first;
      const fanIn = shape.slice(1).reduce((a, b) => a * b);
      return [drawn(shape, fanIn), drawn([shape[isTransposed ? 1 : 0]!], fanIn)];
    }),
  };
}

/** `ConvVAE` of stamps of 64 × 64 in five bands. */
export const convVaeProblem = (): VaeProblem =>
  problem({
    ...{ batch: 64, shape: [5, 64, 64], layers: [16, 24], latents: 2, style: 0 },
    ...{ prior: "normal", learningRate: 2e-6 },
  });

/** `ConditionalVAE` of 40 principal axes. */
export const conditionalVaeProblem = (): VaeProblem =>
  problem({
    ...{ batch: 100, shape: [40], layers: [64, 64], latents: 1, style: 1 },
    ...{ prior: "mixture", learningRate: 1e-4 },
  });

/** Multiply-adds count two: forward, and two gradients of each layer but the first, which has none to its input. */
export function vaeFlops(sizes: VaeProblem): number {
  const shapes = weightShapes(sizes);
  const depth = sizes.layers.length;
  const products = shapes.map((shape, i) => {
    const each = shape.reduce((a, b) => a * b);
    if (!isConvolutional(sizes) || i === depth || i === depth + 1) return each;
    const level = i < depth ? i + 1 : 2 * depth + 2 - i; // how often the smaller image of the two is halved
    return each * (sizes.shape[1]! / 2 ** level) ** 2;
  });
  return 2 * sizes.batch * (3 * products.reduce((a, b) => a + b) - products[0]!);
}

/** Loss and parameters after the first step against a float64 computation (`vae-reference.ts`). */
export const checkVae =
  (name: "convVae" | "conditionalVae") =>
  ({ parameters }: VaeProblem, result: Result): string =>
    checkSummary(
      references[name],
      parameters.map(({ values }) => values),
      result,
    );
