import { mapRowSource } from "../../data/datasets/row-views";
import type { RowSource } from "../../data/datasets/row-source";
import { blockRows, openSource, readBlocks } from "../../cluster/streams/blocks";
import { survey } from "../../cluster/streams/survey";
import type { Scale } from "../data";
import type { Scaling } from "../scaling";
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
  if (scale === "standard") {
    const { mean, squares } = await survey(rows, path);
    const deviations = squares.map((value, c) => {
      const deviation = Math.sqrt(value / rows.n);
      return deviation > 1e-15 * Math.abs(mean[c]!) ? deviation : 0;
    });
    return { kind: "standard", means: [...mean], deviations: [...deviations] };
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
  if (scaling.kind === "unit") {
    const { low, span } = scaling;
    return mapRowSource(source, (rows) => {
      for (let i = 0; i < rows.length; i++) rows[i] = span > 0 ? (rows[i]! - low) / span : 0;
      return rows;
    });
  }
  const { means, deviations } = scaling;
  const d = source.rowShape.reduce((size, length) => size * length, 1);
  if (d !== means.length) throw new Error(`${path} must have ${means.length} values a row, it has ${d}`);
  return mapRowSource(source, (rows) => {
    for (let i = 0, c = 0; i < rows.length; i++) {
      rows[i] = deviations[c]! > 0 ? (rows[i]! - means[c]!) / deviations[c]! : 0;
      if (++c === d) c = 0;
    }
    return rows;
  });
}
