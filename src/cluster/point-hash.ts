import { hashOf } from "../lifecycle/hash";
import { rowsLookedAt } from "../lifecycle/same-points";
import type { PointSet } from "./streams/point-set";

/** Of the points of a fit, which can ask before each pass. */
const hashes = new WeakMap<PointSet, Promise<number>>();

/** Of some of their rows, in their frame: the same on every device. */
export function hashOfPoints(points: PointSet): Promise<number> {
  const hash = hashes.get(points) ?? points.read(rowsLookedAt(points.n)).then((rows) => hashOf(rows));
  hashes.set(points, hash);
  return hash;
}
