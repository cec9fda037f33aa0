import { noGrad } from "../../graph";
import type { Rows } from "../../lifecycle/rows";
import { tidy } from "../../tensor";
import type { Tensor } from "../../tensor";

/** Items whose features are looked at. */
const LOOKED_AT = 64;

/** @throws when features are alike for items that are not: units that no item reaches any more learn nothing, whatever the loss is */
export async function checkAlive(op: string, rows: Rows, features: (batch: Tensor) => Tensor): Promise<void> {
  const count = Math.min(rows.count, LOOKED_AT);
  const items = await rows.range(0, count);
  const { x, z } = tidy(() => noGrad(() => ({ x: items(), z: features(items()) })));
  try {
    if (count < 2 || !alike(await z.data(), count) || alike(await x.data(), count)) return;
  } finally {
    x.dispose();
    z.dispose();
  }
  throw new Error(
    `${op}: features must differ between items, got the same for ${count} that are not alike: no item reaches the units any more; scale the data or lower the learning rate, and begin anew`,
  );
}

/** Whether all rows are the first, value by value. */
function alike(data: ArrayLike<number>, rows: number): boolean {
  const width = data.length / rows;
  for (let i = width; i < data.length; i++) if (data[i] !== data[i % width]) return false;
  return true;
}
