// How values are brought to a scale: found once, of the data that are clustered, and applied alike to what comes later.
import { runAtOnce } from "../../event-loop";
import { flattenRows, toFloat32 } from "../../matrix";
import { NdArray, type TypedArray } from "../../ndarray";
import { columnOf, moments } from "../../preprocessing/columns";
import type { DataSet, Scale } from "./load";
import { mapTo } from "../../typed-arrays";

/** A scale with its numbers: columns less their means over their deviations, or all values less one over another. */
export type Scaling =
  { readonly kind: "none" } | { readonly kind: "unit"; readonly low: number; readonly span: number } | ColumnScaling;

/** Columns less their means over their deviations. @inline */
export interface ColumnScaling {
  readonly kind: "standard";
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Whether values are bytes, 0 … 255. */
export const isBytes = ({ data }: NdArray<TypedArray>): boolean =>
  data instanceof Uint8Array || data instanceof Uint8ClampedArray;

/** What `auto` means for data of this kind: networks want bytes as shares of 255 and the columns of a table alike; distances are left alone. */
export function chooseScale(scale: Scale, { raw, isTable }: DataSet, network: boolean): Exclude<Scale, "auto"> {
  if (scale !== "auto") return scale;
  if (!network) return "none";
  return isBytes(raw) ? "unit" : isTable ? "standard" : "none";
}

/** The numbers of a scale for these data, in float64. @throws for NaN and infinity, naming the file and the place */
export function scalingOf({ path, raw }: DataSet, scale: Exclude<Scale, "auto">): Scaling {
  if (scale === "none") return { kind: "none" };
  if (scale === "unit" && isBytes(raw)) return { kind: "unit", low: 0, span: 255 };
  const rows = flattenRows(raw);
  checkFinite(rows, path);
  if (scale === "standard") return standardOf(rows);
  if (scale === "centered") return centeredOf(standardOf(rows));
  let [low, high] = [Infinity, -Infinity];
  for (const element of rows.data) {
    const value = Number(element);
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return { kind: "unit", low, span: high - low };
}

/** Means and deviations of the columns; a constant column has the deviation 0. */
function standardOf(rows: NdArray<TypedArray>): ColumnScaling {
  const columns = Array.from({ length: rows.shape[1]! }, (_, c) =>
    runAtOnce(
      (function* () {
        return yield* moments(yield* columnOf(rows, c));
      })(),
    ),
  );
  return {
    kind: "standard",
    means: columns.map(({ mean }) => mean),
    deviations: columns.map(({ deviation }) => deviation),
  };
}

/** Columns less their means over one number, so that the mean of all squares is 1: images of mean zero, as Xie et al. 2016 scale them. */
export function centeredOf({ kind, means, deviations }: ColumnScaling): ColumnScaling {
  const whole = Math.hypot(...deviations) / Math.sqrt(deviations.length);
  return { kind, means, deviations: deviations.map(() => whole) };
}

/** How many times as much as the others a column varies that decides every distance by itself. */
const SWAMPS = 100;

/** Names the column of a table beside which the others do not count, where there is one, and what to do. */
export function unevenColumns({ raw, columns, isTable, cube }: DataSet): string[] {
  if (!isTable || raw.shape[1]! < 2) return [];
  const { deviations } = standardOf(flattenRows(raw));
  const order = deviations.map((deviation, c) => ({ deviation, c })).sort((a, b) => b.deviation - a.deviation);
  const [first, second] = order;
  if (!(second!.deviation > 0) || first!.deviation < SWAMPS * second!.deviation) return [];
  const name = columns ? JSON.stringify(columns[first!.c]) : `${first!.c + 1}`;
  const times = (first!.deviation / second!.deviation).toPrecision(2);
  return [
    `${cube ? "band" : "column"} ${name} varies ${Number(times)} times as much as any other and decides the distances; ` +
      (cube ? "--scale standard evens the bands out" : "--scale standard evens the columns out, --drop leaves one out"),
  ];
}

/** Items as methods take them: of float64 where the file has more digits than float32, which centre them before they round. */
export type Items = NdArray<Float32Array> | NdArray<Float64Array>;

/** The items as rows, scaled, in memory of their own where they change. @throws for NaN and infinity, and for rows of another width */
export function scaledRows({ path, raw }: DataSet, scaling: Scaling): Items {
  if (scaling.kind === "none") {
    if (raw.data.BYTES_PER_ELEMENT < 4 || raw.data instanceof Float32Array)
      return flattenRows(toFloat32(raw, path, "data"));
    const values = flattenRows(raw);
    checkFinite(values, path);
    return new NdArray(mapTo(Float64Array, values.data as ArrayLike<number>, Number), values.shape);
  }
  const rows = flattenRows(raw);
  const [n, d] = rows.shape as [number, number];
  checkFinite(rows, path);
  const exact = scaling.kind === "unit" && rows.data.BYTES_PER_ELEMENT > 4; // a small range beside a large one keeps its digits
  const values = exact ? new Float64Array(n * d) : new Float32Array(n * d);
  scaleInto(values, rows.data, scaling, path, d);
  return new NdArray(values, [n, d]) as Items;
}

/** Puts rows of d values into `out` by a scale; they may lie there themselves. @throws for rows of another width than the scale is of */
export function scaleInto(
  out: Float32Array | Float64Array,
  values: TypedArray,
  scaling: Exclude<Scaling, { readonly kind: "none" }>,
  path: string,
  d: number,
): void {
  if (scaling.kind === "unit") {
    const { low, span } = scaling;
    for (let i = 0; i < out.length; i++) out[i] = span > 0 ? (Number(values[i]!) - low) / span : 0;
    return;
  }
  const { means, deviations } = scaling;
  checkScaleWidth(scaling, path, d);
  for (let i = 0, c = 0; i < out.length; i++) {
    out[i] = deviations[c]! > 0 ? (Number(values[i]!) - means[c]!) / deviations[c]! : 0;
    if (++c === d) c = 0;
  }
}

/** @throws for rows of another width than the scale is of */
export function checkScaleWidth(scaling: Scaling, path: string, d: number): void {
  if (scaling.kind === "standard" && d !== scaling.means.length)
    throw new Error(`${path} must have ${scaling.means.length} values a row, got ${d}`);
}

/** The items by a scale whose numbers are those of these data. */
export const toRows = (data: DataSet, scale: Exclude<Scale, "auto">): Items => scaledRows(data, scalingOf(data, scale));

function checkFinite({ data, shape }: NdArray<TypedArray>, path: string): void {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const at = data.findIndex((value: number) => !Number.isFinite(value));
  if (at < 0) return;
  const d = shape[1]!;
  throw new Error(`${path}: data must be finite, got ${data[at]} at row ${Math.floor(at / d)}, column ${at % d}`);
}
