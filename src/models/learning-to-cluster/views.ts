// How the passes over a set see it, where its items may all be changed alike.
import { NdArray } from "../../ndarray";
import { generate, mapTo } from "../../typed-arrays";

/** A set as pass 0, 1, … sees it, its items in the same places. */
export type SetView = (set: NdArray<Float32Array>, pass: number) => NdArray<Float32Array>;

/** Views that a checkpoint can name. */
export type SetViewName = "turned";

/** Angle between two passes: the golden one, so that any number of passes look from all around. */
const TURN = Math.PI * (3 - Math.sqrt(5));

/**
 * Points [n, 2] turned about their mean by another angle in every pass, each axis then brought to one width, as the groups of `generatePoints` are,
 * and all to mean 0 and variance 1: which belong together stays what it was. @throws for items that are no points of the plane
 */
export const turned: SetView = ({ data, shape }, pass) => {
  const [n = 0, ...item] = shape;
  if (item.length !== 1 || item[0] !== 2)
    throw new Error(`view turned: items must be points of the plane, [n, 2], got [${shape.join(", ")}]`);
  const [cos, sin] = [Math.cos(pass * TURN), Math.sin(pass * TURN)];
  const axes = [0, 1].map((axis) =>
    generate(Float64Array, n, (i) => {
      const [x, y] = [data[2 * i]!, data[2 * i + 1]!];
      return axis === 0 ? cos * x - sin * y : sin * x + cos * y;
    }),
  );
  const framed = axes.map((values) => {
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const width = values.reduce((a, b) => Math.max(a, b), -Infinity) - low;
    const placed = values.map((value) => (width > 0 ? (value - low) / width : 0));
    const mean = placed.reduce((sum, value) => sum + value / n, 0);
    return placed.map((value) => value - mean);
  });
  const variance = framed.reduce((sum, values) => values.reduce((s, value) => s + value * value, sum), 0) / (2 * n);
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  const seen = mapTo(Float32Array, data, (_, i) => scale * framed[i % 2]![i >> 1]!);
  return new NdArray(seen, shape);
};

/** The view of a name, or the function itself. @throws for a name that there is not */
export function viewOf(view: SetView | SetViewName | undefined): SetView | undefined {
  if (typeof view !== "string") return view;
  if (view !== "turned") throw new Error(`view: must be turned or a function, got ${String(view)}`);
  return turned;
}
