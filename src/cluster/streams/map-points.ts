import { isRowSource } from "../../data/datasets/row-source";
import type { Device } from "../../device";
import { NdArray } from "../../ndarray";
import type { Tensor } from "../../tensor";
import type { Frame } from "../frame";
import { withPoints } from "../points";
import type { DeviceFor, PointSource } from "../points";

/**
 * `use` of all points as `withPoints` gives them, or of a source's rows block by block, in the frame that `shift` says; what it found, in their order.
 * @throws as `withPoints`, and what reading throws
 */
export async function mapPoints<R>(
  x: PointSource,
  deviceFor: DeviceFor,
  op: string,
  use: (x: Tensor, n: number, d: number, frame: Frame) => Promise<R>,
  shift: Float64Array | null,
): Promise<R[]> {
  if (!isRowSource(x)) return [await withPoints(x, deviceFor, op, use, shift)];
  const { blockRows, openSource, readBlocks } = await import("./streamed-points");
  const rows = openSource(x, op);
  const found: R[] = [];
  for await (const { data, first, rows: count } of readBlocks(rows, blockRows(rows, 1))) {
    const block = new NdArray(data, [count, rows.d]);
    const device = (): Promise<Device> => deviceFor(x);
    found.push(await withPoints(block, device, first === 0 ? op : `${op} (rows from ${first})`, use, shift));
  }
  return found;
}
