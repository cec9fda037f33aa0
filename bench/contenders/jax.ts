import type { AddProblem, GemmProblem, StepProblem } from "../workloads/problems";
import type { Program } from "../workload";
import { loadPeer } from "./load";
import { concatenate } from "./tfjs";

/** An array of jax-js: passing one to a function uses it up, `ref` is one more reference to it. */
interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  add(other: JaxArray): JaxArray;
  sub(other: JaxArray): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  data(): Promise<Float32Array>;
  blockUntilReady(): Promise<JaxArray>;
  dispose(): void;
}

/** The part of `@jax-js/jax` that is used here. */
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): string;
  jit<Args extends unknown[], Out>(fn: (...args: Args) => Out): (...args: Args) => Out;
  valueAndGrad<P>(fn: (params: P, x: JaxArray) => JaxArray): (params: P, x: JaxArray) => [JaxArray, P];
  numpy: {
    array(values: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    square(x: JaxArray): JaxArray;
    mean(x: JaxArray): JaxArray;
  };
  nn: { relu(x: JaxArray): JaxArray };
}

async function start(): Promise<Jax> {
  const jax = await loadPeer<Jax>("@jax-js/jax");
  const devices = await jax.init("wasm");
  if (!devices.includes("wasm")) throw new Error(`jax-js offers ${devices.join(", ")}, not wasm`);
  jax.defaultDevice("wasm");
  return jax;
}

/** C = A B, compiled by `jit`. */
export async function gemm({ n, a, b }: GemmProblem): Promise<Program> {
  const jax = await start();
  const left = jax.numpy.array(a).reshape([n, n]);
  const right = jax.numpy.array(b).reshape([n, n]);
  const product = jax.jit((x: JaxArray, y: JaxArray) => jax.numpy.matmul(x, y));
  return {
    run: async () => (await product(left.ref, right.ref).blockUntilReady()).dispose(),
    result: async () => ({ c: await product(left.ref, right.ref).data() }),
  };
}

/** z = x + y, compiled by `jit`. */
export async function add({ x, y }: AddProblem): Promise<Program> {
  const jax = await start();
  const [left, right] = [jax.numpy.array(x), jax.numpy.array(y)];
  const total = jax.jit((p: JaxArray, q: JaxArray) => p.add(q));
  return {
    run: async () => (await total(left.ref, right.ref).blockUntilReady()).dispose(),
    result: async () => ({ z: await total(left.ref, right.ref).data() }),
  };
}

/** One training step: loss, gradients and the momentum update in one `jit`. */
export async function step({
  sizes,
  batch,
  learningRate,
  momentum,
  x,
  weights,
  biases,
  code,
}: StepProblem): Promise<Program> {
  const jax = await start();
  const np = jax.numpy;
  const depth = weights.length;
  const input = np.array(x).reshape([batch, sizes[0]!]);
  let parameters = weights.flatMap((weight, l) => [
    np.array(weight).reshape([sizes[l]!, sizes[l + 1]!]),
    np.array(biases[l]!),
  ]);
  let velocities = parameters.map((_, p) => {
    const shape = p % 2 === 0 ? [sizes[p / 2]!, sizes[p / 2 + 1]!] : [sizes[(p + 1) / 2]!];
    return np.array(new Float32Array(shape.reduce((a, b) => a * b))).reshape(shape);
  });
  const loss = (params: JaxArray[], data: JaxArray): JaxArray => {
    let h = data.ref;
    for (let l = 0; l < depth; l++) {
      h = np.matmul(h, params[2 * l]!).add(params[2 * l + 1]!);
      if (l !== code && l !== depth - 1) h = jax.nn.relu(h);
    }
    return np.mean(np.square(h.sub(data)));
  };
  const train = jax.jit(
    (params: JaxArray[], velocity: JaxArray[], data: JaxArray): [JaxArray, JaxArray[], JaxArray[]] => {
      const [value, gradients] = jax.valueAndGrad(loss)(
        params.map((p) => p.ref),
        data,
      );
      const moved = velocity.map((v, p) => v.mul(momentum).add(gradients[p]!));
      return [value, params.map((p, i) => p.sub(moved[i]!.ref.mul(learningRate))), moved];
    },
  );
  const losses: number[] = [];
  return {
    run: async () => {
      const [value, nextParameters, nextVelocities] = train(parameters, velocities, input.ref);
      [parameters, velocities] = [nextParameters, nextVelocities];
      losses.push((await value.data())[0]!);
      for (const array of [...parameters, ...velocities]) await array.blockUntilReady();
    },
    result: async () => ({ losses, parameters: concatenate(await Promise.all(parameters.map((p) => p.ref.data()))) }),
  };
}
