// node scripts/run.mjs bench/workloads/reference.ts: computes bench/workloads/references.json in float64, with loops and nothing else.
import { writeFileSync } from "node:fs";
import {
  inertia,
  inertiaKey,
  kmeansProblem,
  manyCentersProblem,
  stepProblem,
  stepStarts,
  summarize,
  type KMeansProblem,
  type StepProblem,
  type StepSummary,
} from "./problems";
import { rbdlstmProblem } from "./rbdlstm";
import { rbdlstmStep } from "./rbdlstm-reference";
import { conditionalVaeProblem, convVaeProblem } from "./vae";
import { vaeStep } from "./vae-reference";
import { vggProblem } from "./vgg";
import { vggStep } from "./vgg-reference";

/** c[m, n] += op(a)[m, k] op(b)[k, n] where op transposes on request; the loop order keeps the inner one contiguous or a dot product. */
function multiply(
  m: number,
  n: number,
  k: number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  ta = false,
  tb = false,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    if (tb)
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let p = 0; p < k; p++) total += a[i * k + p]! * b[j * k + p]!;
        c[i * n + j] = total;
      }
    else
      for (let p = 0; p < k; p++) {
        const value = ta ? a[p * m + i]! : a[i * k + p]!;
        if (value !== 0) for (let j = 0; j < n; j++) c[i * n + j]! += value * b[p * n + j]!;
      }
  return c;
}

/** `steps` SGD steps, v ← μ v + g, w ← w - η v; each loss is the one before its update. */
export function steps(problem: StepProblem, count: number): StepSummary {
  const { sizes, batch, learningRate, momentum, code } = problem;
  const depth = sizes.length - 1;
  const weights = problem.weights.map((values) => Float64Array.from(values));
  const biases = problem.biases.map((values) => Float64Array.from(values));
  const velocities = [...weights, ...biases].map((values) => new Float64Array(values.length));
  const losses: number[] = [];
  for (let step = 0; step < count; step++) {
    const outputs: ArrayLike<number>[] = [problem.x];
    for (let l = 0; l < depth; l++) {
      const out = sizes[l + 1]!;
      const linear: Float64Array = multiply(batch, out, sizes[l]!, outputs[l]!, weights[l]!);
      const relu = l !== code && l !== depth - 1;
      outputs.push(
        linear.map((value, i) => (relu ? Math.max(value + biases[l]![i % out]!, 0) : value + biases[l]![i % out]!)),
      );
    }
    const reconstruction = outputs[depth]!;
    const size = reconstruction.length;
    let gradient: Float64Array = new Float64Array(size);
    let loss = 0;
    for (let i = 0; i < size; i++) {
      const difference = reconstruction[i]! - problem.x[i]!;
      loss += difference ** 2 / size;
      gradient[i] = (2 * difference) / size;
    }
    losses.push(loss);
    for (let l = depth - 1; l >= 0; l--) {
      const [inner, out] = [sizes[l]!, sizes[l + 1]!];
      if (l !== code && l !== depth - 1) gradient = gradient.map((value, i) => (outputs[l + 1]![i]! > 0 ? value : 0));
      const dw = multiply(inner, out, batch, outputs[l]!, gradient, true);
      const db = new Float64Array(out);
      gradient.forEach((value, i) => (db[i % out]! += value));
      if (l > 0) gradient = multiply(batch, inner, out, gradient, weights[l]!, false, true);
      for (const [values, velocity, g] of [
        [weights[l]!, velocities[l]!, dw],
        [biases[l]!, velocities[depth + l]!, db],
      ] as const)
        for (let i = 0; i < values.length; i++) {
          velocity[i] = momentum * velocity[i]! + g[i]!;
          values[i]! -= learningRate * velocity[i]!;
        }
    }
  }
  const parameters = weights.flatMap((weight, l) => [weight, biases[l]!]);
  return summarize(stepStarts(problem), losses, Float64Array.from(parameters.flatMap((values) => [...values])));
}

/** The centres after `iterations` of Lloyd's algorithm; a centre without rows stays where it is. */
export function lloyd({ rows, columns, k, iterations, x, centers }: KMeansProblem): Float64Array {
  let current = Float64Array.from(centers);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const sums = new Float64Array(k * columns);
    const counts = new Float64Array(k);
    for (let i = 0; i < rows; i++) {
      let [nearest, label] = [Infinity, 0];
      for (let c = 0; c < k; c++) {
        let distance = 0;
        for (let j = 0; j < columns && distance < nearest; j++)
          distance += (x[i * columns + j]! - current[c * columns + j]!) ** 2;
        if (distance < nearest) [nearest, label] = [distance, c];
      }
      counts[label]!++;
      for (let j = 0; j < columns; j++) sums[label * columns + j]! += x[i * columns + j]!;
    }
    const previous = current;
    current = sums.map((value, i) => {
      const count = counts[Math.floor(i / columns)]!;
      return count > 0 ? value / count : previous[i]!;
    });
  }
  return current;
}

if (process.argv[1]?.includes("reference")) {
  const step = steps(stepProblem(), 3);
  const vgg = vggStep(vggProblem());
  const rbdlstm = rbdlstmStep(rbdlstmProblem());
  const [convVae, conditionalVae] = [convVaeProblem(), conditionalVaeProblem()].map(vaeStep);
  const inertias = Object.fromEntries(
    [
      ...[kmeansProblem(10_000), kmeansProblem(70_000)],
      ...[manyCentersProblem(200_000, 1024), manyCentersProblem(100_000, 4096)],
    ].map((problem) => [inertiaKey(problem), inertia(problem, lloyd(problem))]),
  );
  writeFileSync(
    "bench/workloads/references.json",
    `${JSON.stringify({ step, vgg, rbdlstm, convVae, conditionalVae, inertia: inertias }, null, 2)}\n`,
  );
}
