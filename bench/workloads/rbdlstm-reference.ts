import { summarize, type StepSummary } from "./problems";
import { PER_DIRECTION, type RbdlstmProblem } from "./rbdlstm";

type Values = Float64Array;

const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));

/** One direction: h [batch, steps, units], and from its gradient those of x and of the parameters. */
function direction(
  x: Values,
  [w, u, b]: readonly [Values, Values, Values],
  { batch, steps, features: e }: RbdlstmProblem,
  reversed: boolean,
): { y: Values; backward(dy: Values): { dx: Values; parameters: [Values, Values, Values] } } {
  const h = e / 2;
  const rows = 4 * h;
  const y = new Float64Array(batch * steps * h);
  const cells = new Float64Array(batch * steps * h);
  const gates = new Float64Array(batch * steps * rows);
  const order = Array.from({ length: steps }, (_, step) => (reversed ? steps - 1 - step : step));
  for (let i = 0; i < batch; i++)
    order.forEach((now, step) => {
      const at = i * steps + now;
      const before = step > 0 ? i * steps + order[step - 1]! : -1;
      for (let r = 0; r < rows; r++) {
        let z = b[r]!;
        for (let k = 0; k < e; k++) z += w[r * e + k]! * x[at * e + k]!;
        if (before >= 0) for (let k = 0; k < h; k++) z += u[r * h + k]! * y[before * h + k]!;
        gates[at * rows + r] = r >= 2 * h && r < 3 * h ? Math.tanh(z) : sigmoid(z);
      }
      for (let j = 0; j < h; j++) {
        const [gi, gf, gg, go] = [0, 1, 2, 3].map((gate) => gates[at * rows + gate * h + j]!) as [
          number,
          number,
          number,
          number,
        ];
        const cell = gi * gg + (before >= 0 ? gf * cells[before * h + j]! : 0);
        cells[at * h + j] = cell;
        y[at * h + j] = go * Math.tanh(cell);
      }
    });
  return {
    y,
    backward: (dy) => {
      const dx = new Float64Array(x.length);
      const [dw, du, db] = [w, u, b].map(({ length }) => new Float64Array(length)) as [Values, Values, Values];
      const dz = new Float64Array(rows);
      for (let i = 0; i < batch; i++) {
        const [dh, dc] = [new Float64Array(h), new Float64Array(h)];
        for (let step = steps - 1; step >= 0; step--) {
          const at = i * steps + order[step]!;
          const before = step > 0 ? i * steps + order[step - 1]! : -1;
          for (let j = 0; j < h; j++) {
            const gate = (k: number): number => gates[at * rows + k * h + j]!;
            const [gi, gf, gg, go] = [gate(0), gate(1), gate(2), gate(3)];
            const squashed = Math.tanh(cells[at * h + j]!);
            const slope = dy[at * h + j]! + dh[j]!;
            const cell = dc[j]! + slope * go * (1 - squashed ** 2);
            dz[j] = cell * gg * gi * (1 - gi);
            dz[h + j] = cell * (before >= 0 ? cells[before * h + j]! : 0) * gf * (1 - gf);
            dz[2 * h + j] = cell * gi * (1 - gg ** 2);
            dz[3 * h + j] = slope * squashed * go * (1 - go);
            dc[j] = cell * gf;
          }
          dh.fill(0);
          for (let r = 0; r < rows; r++) {
            const g = dz[r]!;
            db[r]! += g;
            for (let k = 0; k < e; k++) {
              dw[r * e + k]! += g * x[at * e + k]!;
              dx[at * e + k]! += g * w[r * e + k]!;
            }
            if (before < 0) continue;
            for (let k = 0; k < h; k++) {
              du[r * h + k]! += g * y[before * h + k]!;
              dh[k]! += g * u[r * h + k]!;
            }
          }
        }
      }
      return { dx, parameters: [dw, du, db] };
    },
  };
}

/** The first step, in loops over float64. */
export function rbdlstmStep(problem: RbdlstmProblem): StepSummary {
  const { features, layers, parameters, learningRate } = problem;
  const h = features / 2;
  const values = parameters.map((parameter) => Float64Array.from(parameter.values));
  const made: ReturnType<typeof direction>[] = [];
  let y: Values = Float64Array.from(problem.x);
  for (let l = 0; l < layers; l++) {
    const both = [0, 1].map((d) => {
      const first = (2 * l + d) * PER_DIRECTION;
      return direction(y, [values[first]!, values[first + 1]!, values[first + 2]!], problem, d === 1);
    });
    made.push(...both);
    y = y.map((value, at) => {
      const [row, column] = [Math.floor(at / features), at % features];
      return value + both[Math.floor(column / h)]!.y[row * h + (column % h)]!;
    });
  }
  const loss = y.reduce((sum, value) => sum + value ** 2, 0) / y.length;
  let gradient: Values = y.map((value) => (2 * value) / y.length);
  const changes: Values[] = [];
  for (let l = layers - 1; l >= 0; l--) {
    const both = [0, 1].map((d) => {
      const own = new Float64Array(gradient.length / 2);
      own.forEach((_, at) => (own[at] = gradient[Math.floor(at / h) * features + d * h + (at % h)]!));
      return made[2 * l + d]!.backward(own);
    });
    changes.unshift(...both.flatMap((part) => part.parameters));
    gradient = gradient.map((value, at) => value + both[0]!.dx[at]! + both[1]!.dx[at]!);
  }
  const after = changes.flatMap((change, p) => [...change].map((g, i) => values[p]![i]! - learningRate * g));
  return summarize(
    parameters.map((parameter) => parameter.values),
    [loss],
    after,
  );
}
