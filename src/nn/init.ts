import type { Device } from "../device";
import { sizeOf } from "../ndarray";
import { empty, parameter, untidied, written } from "../tensor";
import type { Tensor } from "../tensor";
import { runAtOnce, runCooperatively } from "../event-loop";
import type { Cooperative } from "../event-loop";
import { generate } from "../typed-arrays";

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

type Drawing = (shape: readonly number[], random: RandomSource) => Cooperative<Float32Array>;

/** How the library's own initializers draw, piece by piece. */
const drawings = new WeakMap<Initializer, Drawing>();

function initializer(drawing: Drawing): Initializer {
  const made: Initializer = (shape, random) => runAtOnce(drawing(shape, random));
  drawings.set(made, drawing);
  return made;
}

/** Drawing by any initializer; one of a user's own is a single piece. */
export function* drawing(init: Initializer, shape: readonly number[], random: RandomSource): Cooperative<Float32Array> {
  const drawn = drawings.get(init);
  return drawn ? yield* drawn(shape, random) : init(shape, random);
}

/** Drawings that wait until a network has been built. */
let later: Cooperative<void>[] | undefined;

/** Draws at once or, for `builtCooperatively`, after the network has been built: in the order of the calls. */
export function drawn(drawing: Cooperative<void>): void {
  if (later) later.push(drawing);
  else runAtOnce(drawing);
}

/** A tracked tensor for `drawn` to fill. */
export const undrawn = (device: Device, shape: readonly number[]): Tensor =>
  untidied(() => empty(device, shape, "f32", "parameter", true));

/** A tracked tensor that `init` draws. */
export function drawnParameter(
  device: Device,
  init: Initializer,
  shape: readonly number[],
  random: RandomSource,
): Tensor {
  if (!later) return parameter(device, init(shape, random), shape);
  const made = undrawn(device, shape);
  drawn(
    (function* () {
      yield* written(made, yield* drawing(init, shape, random));
    })(),
  );
  return made;
}

/**
 * What `build` makes, its weights drawn afterwards: the same numbers, but the calling thread goes on every few milliseconds. `build`
 * must draw by `drawn` alone, and run nothing on what it draws.
 */
export async function builtCooperatively<T>(build: () => T): Promise<T> {
  const drawings: Cooperative<void>[] = (later = []);
  let made: T;
  try {
    made = build();
  } finally {
    later = undefined;
  }
  for (const drawing of drawings) await runCooperatively(drawing);
  return made;
}

/** What `build` makes, with no weight drawn: for its shapes alone. */
export function undrawnNetwork<T>(build: () => T): T {
  later = [];
  try {
    return build();
  } finally {
    later = undefined;
  }
}

/** Elements drawn in a piece. */
const PIECE = 2 ** 12;

/** An array of what `draw` gives, in order; `Float32Array.from` takes three times as long. */
export function* filled(length: number, draw: () => number): Cooperative<Float32Array> {
  const values = new Float32Array(length);
  for (let i = 0; i < length;) {
    for (const end = Math.min(i + PIECE, length); i < end; i++) values[i] = draw();
    yield;
  }
  return values;
}

const uniformWithin = (limit: (fans: { fanIn: number; fanOut: number }) => number): Initializer =>
  initializer((shape, random) => {
    const bound = limit(fans(shape));
    return filled(sizeOf(shape), () => bound * (2 * random.uniform() - 1));
  });

/** U(±√(6 / (fan_in + fan_out))) (Glorot and Bengio 2010, eq. 16). */
export const glorotUniform: Initializer = /* @__PURE__ */ uniformWithin(({ fanIn, fanOut }) =>
  Math.sqrt(6 / (fanIn + fanOut)),
);

/** U(±√(6 / fan_in)): keeps the variance through rectifiers (He et al. 2015, eq. 10). */
export const heUniform: Initializer = /* @__PURE__ */ uniformWithin(({ fanIn }) => Math.sqrt(6 / fanIn));

/** U(±1 / √fan_in): PyTorch's default for linear and convolutional layers. */
export const fanInUniform: Initializer = /* @__PURE__ */ uniformWithin(({ fanIn }) => 1 / Math.sqrt(fanIn));

/** N(0, std²) */
export const normal = (std: number): Initializer =>
  initializer((shape, random) => filled(sizeOf(shape), () => std * random.normal()));

/** All the same: biases. */
export const constant =
  (value: number): Initializer =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

/**
 * A random matrix with orthonormal rows, or columns where they are fewer (Saxe et al. 2014): a Gaussian one, orthonormalised
 * by two rounds of Gram-Schmidt in float64. Axes after the first count as columns.
 */
export const orthogonal: Initializer = /* @__PURE__ */ initializer(function* (shape, random) {
  const [rows = 1, ...rest] = shape;
  const columns = sizeOf(rest);
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const v = generate(Float64Array, length, () => random.normal());
    for (let round = 0; round < 2; round++)
      for (const u of vectors) {
        let dot = 0;
        for (let i = 0; i < length; i++) dot += u[i]! * v[i]!;
        for (let i = 0; i < length; i++) v[i]! -= dot * u[i]!;
        yield;
      }
    const norm = Math.hypot(...v);
    if (norm > 1e-8) vectors.push(v.map((value) => value / norm)); // else it lay in the span of the others: draw again
  }
  const byRow = rows < columns;
  let at = 0;
  return yield* filled(rows * columns, () => {
    const [row, column] = [Math.floor(at / columns), at++ % columns];
    return byRow ? vectors[row]![column]! : vectors[column]![row]!;
  });
});
