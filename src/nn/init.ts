import { sizeOf } from "../ndarray";

/** Where initial weights come from: `Random` is one. */
export interface RandomSource {
  /** In [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** Fills an array for a weight of the given shape, [out, in, …]; what follows the first two axes is the receptive field. */
export type Initializer = (shape: readonly number[], random: RandomSource) => Float32Array;

/** Inputs that reach one output, and outputs that one input reaches. */
function fans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [out = 1, inputs = 1, ...field] = shape;
  return { fanIn: inputs * sizeOf(field), fanOut: out * sizeOf(field) };
}

/** An array of what `draw` gives, in order; `Float32Array.from` takes three times as long. */
function filled(shape: readonly number[], draw: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

const uniformWithin =
  (limit: (fans: { fanIn: number; fanOut: number }) => number): Initializer =>
  (shape, random) => {
    const bound = limit(fans(shape));
    return filled(shape, () => bound * (2 * random.uniform() - 1));
  };

/** U(±√(6 / (fan_in + fan_out))) (Glorot and Bengio 2010, eq. 16). */
export const glorotUniform: Initializer = uniformWithin(({ fanIn, fanOut }) => Math.sqrt(6 / (fanIn + fanOut)));

/** U(±√(6 / fan_in)): keeps the variance through rectifiers (He et al. 2015, eq. 10). */
export const heUniform: Initializer = uniformWithin(({ fanIn }) => Math.sqrt(6 / fanIn));

/** U(±1 / √fan_in): PyTorch's default for linear and convolutional layers. */
export const fanInUniform: Initializer = uniformWithin(({ fanIn }) => 1 / Math.sqrt(fanIn));

/** N(0, std²) */
export const normal =
  (std: number): Initializer =>
  (shape, random) =>
    filled(shape, () => std * random.normal());

/** All the same: biases. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/**
 * A random matrix with orthonormal rows, or columns where they are fewer (Saxe et al. 2014): a Gaussian one, orthonormalised
 * by two rounds of Gram-Schmidt in float64. Axes after the first count as columns.
 */
export const orthogonal: Initializer = (shape, random) => {
  const [rows = 1, ...rest] = shape;
  const columns = sizeOf(rest);
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const v = Float64Array.from({ length }, () => random.normal());
    for (let round = 0; round < 2; round++)
      for (const u of vectors) {
        let dot = 0;
        for (let i = 0; i < length; i++) dot += u[i]! * v[i]!;
        for (let i = 0; i < length; i++) v[i]! -= dot * u[i]!;
      }
    const norm = Math.hypot(...v);
    if (norm > 1e-8) vectors.push(v.map((value) => value / norm)); // else it lay in the span of the others: draw again
  }
  const byRow = rows < columns;
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return byRow ? vectors[row]![column]! : vectors[column]![row]!;
  });
};
