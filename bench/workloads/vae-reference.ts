// One step of a variational autoencoder in loops over float64.
import { summarize, type StepSummary } from "./problems";
import { innermost, type VaeProblem } from "./vae";

type Values = Float64Array;

/** What a layer hands on: its output, and from the gradient of that the gradients of its input, weight and bias. */
interface Layer {
  readonly y: Values;
  backward(dy: Values): { readonly dx: Values; readonly dw: Values; readonly db: Values };
}

/** Every product of a layer: y[to] += w[tap] x[from], and the output unit whose bias `to` has. */
type Products = (visit: (tap: number, from: number, to: number) => void) => void;

function layer(
  x: Values,
  w: Values,
  b: Values,
  {
    size,
    unitOf,
    products,
    leaky,
  }: { size: number; unitOf: (at: number) => number; products: Products; leaky: boolean },
): Layer {
  const sums = Float64Array.from({ length: size }, (_, at) => b[unitOf(at)]!);
  products((tap, from, to) => (sums[to]! += w[tap]! * x[from]!));
  const slope = (at: number): number => (leaky && sums[at]! < 0 ? 0.1 : 1);
  return {
    y: sums.map((value, at) => slope(at) * value),
    backward: (gradient) => {
      const dy = gradient.map((value, at) => slope(at) * value);
      const [dx, dw, db] = [new Float64Array(x.length), new Float64Array(w.length), new Float64Array(b.length)];
      dy.forEach((value, at) => (db[unitOf(at)]! += value));
      products((tap, from, to) => {
        dx[from]! += w[tap]! * dy[to]!;
        dw[tap]! += x[from]! * dy[to]!;
      });
      return { dx, dw, db };
    },
  };
}

/** x wᵀ + b of n rows. */
function dense(x: Values, w: Values, b: Values, n: number, leaky: boolean): Layer {
  const [inputs, outputs] = [x.length / n, b.length];
  const products: Products = (visit) => {
    for (let i = 0; i < n; i++)
      for (let o = 0; o < outputs; o++)
        for (let k = 0; k < inputs; k++) visit(o * inputs + k, i * inputs + k, i * outputs + o);
  };
  return layer(x, w, b, { size: n * outputs, unitOf: (at) => at % outputs, products, leaky });
}

/** Every tap of a 3 × 3 convolution from images of `side` with `large` channels to those of half of it with `small`. */
function taps(n: number, large: number, small: number, side: number): Products {
  const half = side / 2;
  return (visit) => {
    for (let i = 0; i < n; i++)
      for (let o = 0; o < small; o++)
        for (let c = 0; c < large; c++)
          for (let t = 0; t < 9; t++)
            for (let row = 0; row < half; row++) {
              const y = 2 * row + Math.floor(t / 3) - 1;
              if (y < 0 || y >= side) continue;
              for (let column = 0; column < half; column++) {
                const at = 2 * column + (t % 3) - 1;
                if (at < 0 || at >= side) continue;
                visit((o * large + c) * 9 + t, ((i * large + c) * side + y) * side + at, ((i * small + o) * half + row) * half + column); // prettier-ignore
              }
            }
  };
}

/** Convolution with stride 2 of images of `side`, one row of zeros around. */
function convolution(x: Values, w: Values, b: Values, n: number, side: number): Layer {
  const [outputs, inputs] = [b.length, x.length / (n * side * side)];
  const area = (side / 2) ** 2;
  return layer(x, w, b, {
    ...{ size: n * outputs * area, unitOf: (at) => Math.floor(at / area) % outputs, leaky: true },
    products: taps(n, inputs, outputs, side),
  });
}

/** Its transpose, from images of half of `side`. */
function transposed(x: Values, w: Values, b: Values, n: number, side: number, leaky: boolean): Layer {
  const [outputs, inputs] = [b.length, x.length / (n * (side / 2) ** 2)];
  const area = side * side;
  const each = taps(n, outputs, inputs, side);
  return layer(x, w, b, {
    ...{ size: n * outputs * area, unitOf: (at) => Math.floor(at / area) % outputs, leaky },
    products: (visit) => each((tap, large, small) => visit(tap, small, large)),
  });
}

/** The first step. */
export function vaeStep(problem: VaeProblem): StepSummary {
  const { batch: n, shape, layers: sizes, latents, style, prior, sigma, learningRate, parameters } = problem;
  const values = parameters.map((parameter) => Float64Array.from(parameter.values));
  const isConvolutional = shape.length > 1;
  let next = 0;
  const take = (): Values => values[next++]!;
  const made: Layer[] = [];
  const through = (layer: Layer): Values => {
    made.push(layer);
    return layer.y;
  };
  const x = Float64Array.from(problem.x);
  let h = x;
  sizes.forEach((_, i) => {
    h = through(isConvolutional ? convolution(h, take(), take(), n, shape[1]! / 2 ** i) : dense(h, take(), take(), n, true)); // prettier-ignore
  });
  const code = through(dense(h, take(), take(), n, false));
  const width = 2 * latents + style;
  const inner = latents + style;
  const [mu, logvar] = [0, latents].map(
    (begin) =>
      (i: number, d: number): number =>
        code[i * width + begin + d]!,
  ) as [(i: number, d: number) => number, (i: number, d: number) => number];
  const eps = (i: number, d: number): number => problem.eps[i * latents + d]!;
  const z = Float64Array.from({ length: n * inner }, (_, at) => {
    const [i, d] = [Math.floor(at / inner), at % inner];
    return d < latents
      ? mu(i, d) + Math.exp(logvar(i, d) / 2) * eps(i, d)
      : problem.keep[i]! * code[i * width + 2 * latents + d - latents]!;
  });
  h = through(dense(z, take(), take(), n, true));
  const { side } = innermost(problem);
  sizes.forEach((_, i) => {
    const isLast = i === sizes.length - 1;
    h = through(isConvolutional ? transposed(h, take(), take(), n, side * 2 ** (i + 1), !isLast) : dense(h, take(), take(), n, !isLast)); // prettier-ignore
  });
  let loss = h.reduce((sum, value, at) => sum + (value - x[at]!) ** 2, 0) / (2 * sigma * sigma * n);
  let gradient = h.map((value, at) => (value - x[at]!) / (sigma * sigma * n));
  const changes: Values[] = [];
  const back = (): void => {
    const { dx, dw, db } = made.pop()!.backward(gradient);
    changes.unshift(dw, db);
    gradient = Float64Array.from(dx);
  };
  for (let i = 0; i <= sizes.length; i++) back();
  const dcode = new Float64Array(n * width);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < latents; d++) {
      const [m, lv, e] = [mu(i, d), logvar(i, d), eps(i, d)];
      const deviation = Math.exp(lv / 2);
      let dz = gradient[i * inner + d]!;
      let direct: number;
      if (prior === "normal") {
        loss += (Math.exp(lv) + m * m - 1 - lv) / (2 * n);
        dcode[i * width + d]! += m / n;
        direct = (Math.exp(lv) - 1) / (2 * n);
      } else {
        const at = z[i * inner + d]!;
        const [low, high] = [-2, 2].map((mode) => Math.exp(-((at - mode) ** 2) / 0.5)) as [number, number];
        const density = (low + high) / (2 * 0.5 * Math.sqrt(2 * Math.PI));
        loss += (-lv / 2 - Math.log(2 * Math.PI) / 2 - (e * e) / 2 - Math.log(density)) / n;
        dz += (low * (at + 2) + high * (at - 2)) / (0.25 * (low + high) * n);
        direct = -1 / (2 * n);
      }
      dcode[i * width + d]! += dz;
      dcode[i * width + latents + d] = direct + (dz * e * deviation) / 2;
    }
    for (let s = 0; s < style; s++)
      dcode[i * width + 2 * latents + s] = problem.keep[i]! * gradient[i * inner + latents + s]!;
  }
  gradient = dcode;
  while (made.length > 0) back();
  const after = changes.flatMap((change, p) => [...change].map((g, i) => values[p]![i]! - learningRate * g));
  return summarize(
    parameters.map((parameter) => parameter.values),
    [loss],
    after,
  );
}
