import { mapRowSource } from "../../data/datasets/row-views";
import type { RowSource } from "../../data/datasets/row-source";
import { blockRows, openSource, readBlocks } from "../../cluster/streams/blocks";
import { survey } from "../../cluster/streams/survey";
import { sizeOf } from "../../ndarray";
import type { Scale } from "../data/load";
import { centeredOf, checkScaleWidth, scaleInto } from "../data/scaling";
import type { ColumnScaling, Scaling } from "../data/scaling";
import type { StreamedRows } from "./open";

/** The numbers of a scale for rows that are read: one pass, but for bytes, whose range is known. */
export async function streamedScaling(
  path: string,
  { source, bytes }: StreamedRows,
  scale: Exclude<Scale, "auto">,
): Promise<Scaling> {
  if (scale === "none") return { kind: "none" };
  if (scale === "unit" && bytes) return { kind: "unit", low: 0, span: 255 };
  const rows = openSource(source, path);
  if (scale === "standard" || scale === "centered") {
    const { mean, squares } = await survey(rows, path);
    const deviations = squares.map((value, c) => {
      const deviation = Math.sqrt(value / rows.n);
      return deviation > 1e-15 * Math.abs(mean[c]!) ? deviation : 0;
    });
    const columns: ColumnScaling = { kind: "standard", means: [...mean], deviations: [...deviations] };
    return scale === "centered" ? centeredOf(columns) : columns;
  }
  let [low, high] = [Infinity, -Infinity];
  for await (const { data } of readBlocks(rows, blockRows(rows, 1)))
    for (const value of data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return { kind: "unit", low, span: high - low };
}

/** The rows scaled where they were read, block by block. @throws for rows of another width than the scale is of */
export function scaledSource(path: string, source: RowSource, scaling: Scaling): RowSource {
  if (scaling.kind === "none") return source;
  const d = sizeOf(source.rowShape);
  checkScaleWidth(scaling, path, d);
  return mapRowSource(source, (rows) => {
    scaleInto(rows, rows, scaling, path, d);
    return rows;
  });
}
