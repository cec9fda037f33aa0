// t-SNE's repulsion of many points in the plane without their pairs: points are spread over the nodes of a grid, a convolution there gives the field of
// Σ_j 1 / (1 + ‖y − y_j‖²), and its value and slope at each point are read off. Linderman, Rachh, Hoskins, Steinerberger and Kluger, "Fast interpolation-based
// t-SNE", Nature Methods 16 (2019), here with cubic B-splines, the slope of one field in place of three, and Hartley's transform of real numbers.
import type { Device } from "../../device";
import { noGrad } from "../../graph";
import { hartley, hartleyFilter, tsneInterpolate, tsneSpread } from "../../kernels/manifold";
import { add, div, mul, shift } from "../../ops/elementwise";
import { slice, transpose } from "../../ops/layout";
import { empty, run, tensor, tidy, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { generate } from "../../typed-arrays";

/** Nodes along a side of the transforms, at least and at most, and those of the grid that no point may be beyond. */
const [LEAST, MOST, RIM] = [32, 2048, 6];
/** Distance of nodes at most, where the largest transform allows it; the least is half of that, in quarters of an octave as there is room. */
const STEP = 0.35;

/** How a grid lies over places. */
export interface Grid {
  /** Numbers along a side of the transforms, a power of two; nodes along a side are half as many. */
  readonly length: number;
  readonly step: number;
  /** The first node. */
  readonly left: number;
  readonly bottom: number;
}

/** The grid of places y [n, 2]: a node lies in their middle. @throws when they are not finite */
export function gridOf(y: Float32Array, op: string): Grid {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  let none = 0; // NaN, where one of them is no number: comparisons pass those over
  for (let at = 0; at < y.length; at += 2) {
    const [a, b] = [y[at]!, y[at + 1]!];
    none += 0 * a + 0 * b;
    if (a < left) left = a;
    if (a > right) right = a;
    if (b < bottom) bottom = b;
    if (b > top) top = b;
  }
  const span = Math.max(right - left, top - bottom) + none;
  if (!Number.isFinite(span))
    throw new Error(`${op}: the places have run apart, got a span of ${span}; lower learningRate`);
  const fits = (length: number, step: number): boolean => (length / 2 - RIM) * step >= span;
  let length = LEAST;
  while (length < MOST && !fits(length, STEP)) length *= 2;
  let quarter = 4; // of octaves below the distance of nodes
  while (!fits(length, STEP * 2 ** (-quarter / 4))) quarter--;
  const step = STEP * 2 ** (-quarter / 4);
  const half = (length / 4) * step;
  return { length, step, left: (left + right) / 2 - half, bottom: (bottom + top) / 2 - half };
}

/** Places in units of the grid, cell by cell. */
export interface Sorted {
  /** [n, 2] */
  readonly points: Float32Array<ArrayBuffer>;
  /** Of the cells, and the number of all. */
  readonly starts: Uint32Array<ArrayBuffer>;
}

/** Places y [n, 2] in the order of their cells on a grid, those of a cell in their own. */
export function sortedByCell(y: Float32Array, { length, step, left, bottom }: Grid): Sorted {
  const [n, side] = [y.length / 2, length / 2];
  const placed = new Float32Array(2 * n);
  const cells = new Uint32Array(n);
  const starts = new Uint32Array(side * side + 1);
  for (let i = 0; i < n; i++) {
    placed[2 * i] = (y[2 * i]! - left) / step;
    placed[2 * i + 1] = (y[2 * i + 1]! - bottom) / step;
    const cell = Math.floor(placed[2 * i + 1]!) * side + Math.floor(placed[2 * i]!);
    cells[i] = cell;
    starts[cell + 1]!++;
  }
  for (let cell = 0; cell < side * side; cell++) starts[cell + 1]! += starts[cell]!;
  const next = starts.slice();
  const points = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const to = next[cells[i]!]!++;
    points[2 * to] = placed[2 * i]!;
    points[2 * to + 1] = placed[2 * i + 1]!;
  }
  return { points, starts };
}

/** The Hartley transform of the cubic B-spline's values at whole numbers, over `length`, at each frequency. */
const splineTransform = (length: number): Float32Array<ArrayBuffer> =>
  generate(Float32Array, length, (k) => (2 + Math.cos((2 * Math.PI * k) / length)) / 3);

/** What makes a field of charges. */
interface Filter {
  /** The transform of 1 / (1 + r²) over those of what splines spread and read, at the frequencies up to the middle [length/2 + 1, length/2 + 1]. */
  readonly factors: Tensor;
  /** The field of one charge at the nodes up to three away [4, 4]. */
  readonly response: Tensor;
}

/** What lies on a device for grids of one size. */
class Nodes {
  readonly length: number;
  readonly turns: Tensor;
  readonly starts: Tensor;
  readonly charges: Tensor;
  readonly rows: Tensor;
  readonly filtered: Tensor;
  #filter: Filter | undefined;
  #step = 0;

  constructor(device: Device, length: number) {
    const side = length / 2;
    this.length = length;
    const make = (shape: readonly number[], dtype: "f32" | "u32" = "f32"): Tensor =>
      untidied(() => empty(device, shape, dtype, "TSNE"));
    const angle = (at: number): number => (2 * Math.PI * (at >> 1)) / length;
    this.turns = untidied(() =>
      tensor(
        device,
        generate(Float32Array, length, (at) => (at % 2 === 0 ? Math.cos(angle(at)) : Math.sin(angle(at)))),
      ),
    );
    this.starts = make([side * side + 1], "u32");
    this.charges = make([side, side]);
    [this.rows, this.filtered] = [make([side, length]), make([side, length])];
  }

  /** What makes the field of charges on nodes `step` apart. */
  filter(step: number): Filter {
    if (this.#filter && this.#step === step) return this.#filter;
    this.#release();
    const { length, turns } = this;
    const { device } = turns;
    const transformed = (x: Tensor): Tensor => {
      const y = empty(device, [length, length], "f32", "TSNE");
      run(hartley, { x, turns, y, rows: length, given: length, kept: length, length });
      return y;
    };
    const make = (): Filter => {
      const squares = generate(Float32Array, length, (i) => (step * Math.min(i, length - i)) ** 2);
      const [across, along] = [tensor(device, squares, [1, length]), tensor(device, squares, [length, 1])];
      const field = div(tensor(device, new Float32Array([1]), [1, 1]), shift(add(across, along), 1));
      const scales = splineTransform(length).map((value) => 1 / (value * value * length));
      const [columns, rows] = [tensor(device, scales, [1, length]), tensor(device, scales, [length, 1])];
      const whole = mul(mul(transformed(transpose(transformed(field))), columns), rows);
      const response = slice(transformed(transpose(transformed(whole))), [0, 0], [4, 4]);
      return { factors: slice(whole, [0, 0], [length / 2 + 1, length / 2 + 1]), response };
    };
    this.#step = step;
    this.#filter = untidied(() => tidy(() => noGrad(make)));
    return this.#filter;
  }

  #release(): void {
    this.#filter?.factors.dispose();
    this.#filter?.response.dispose();
  }

  dispose(): void {
    for (const made of [this.turns, this.starts, this.charges, this.rows, this.filtered]) made.dispose();
    this.#release();
  }
}

/** The repulsion of n points in the plane by a field. */
export class TsneField {
  readonly #device: Device;
  readonly #points: Tensor;
  #nodes: Nodes | undefined;

  constructor(device: Device, n: number) {
    this.#device = device;
    this.#points = untidied(() => empty(device, [n, 2], "f32", "TSNE"));
  }

  /**
   * The repulsion Σ_j w_ij² (y_i − y_j) of places y [n, 2] into the last two columns of forces [n, 4], and Σ_(j≠i) w_ij into the first of sums [n, 2], with
   * w = 1 / (1 + ‖y_i − y_j‖²): about 1 % off where nodes are half a unit apart, the more for points that are almost alone. The one wait of an iteration.
   * @throws when the places are not finite
   */
  async repel(y: Tensor, forces: Tensor, sums: Tensor): Promise<void> {
    const n = y.shape[0]!;
    const places = (await y.data()) as Float32Array;
    const grid = gridOf(places, "TSNE.fit");
    const { length, step, left, bottom } = grid;
    if (this.#nodes?.length !== length) {
      this.#nodes?.dispose();
      this.#nodes = new Nodes(this.#device, length);
    }
    const nodes = this.#nodes;
    const { factors, response } = nodes.filter(step);
    const { points, starts } = sortedByCell(places, grid);
    this.#device.write(this.#points.buffer, points);
    this.#device.write(nodes.starts.buffer, starts);
    const side = length / 2;
    const { charges, turns, rows, filtered } = nodes;
    run(tsneSpread, { points: this.#points, starts: nodes.starts, charges, side });
    run(hartley, { x: charges, turns, y: rows, rows: side, given: side, kept: length, length });
    run(hartleyFilter, { x: rows, turns, factors, y: filtered, rows: side, length });
    run(hartley, { x: filtered, turns, y: charges, rows: side, given: length, kept: side, length });
    run(tsneInterpolate, { y, field: charges, response, forces, sums, n, side, left, bottom, step });
  }

  dispose(): void {
    this.#points.dispose();
    this.#nodes?.dispose();
  }
}
