import { NdArray } from "constella";
import type { Random } from "constella";
import type { SetBatch, SetProvider } from "constella/sets";

/** Points on the line around −1, 0 and 1, so far apart that a network learns the task in seconds; 1 to 3 clusters a set. */
export function lineSets(spread = 0.05): SetProvider {
  const centers = [-1, 0, 1];
  return {
    itemShape: [2],
    kMax: 3,
    sample(_part, batch: number, length: number, random: Random): SetBatch {
      const items = new Float32Array(batch * length * 2);
      const labels = new Int32Array(batch * length);
      const counts = new Int32Array(batch);
      for (let set = 0; set < batch; set++) {
        const k = (counts[set] = 1 + random.integer(Math.min(3, length)));
        const chosen = random.permutation(3);
        const order = random.permutation(length);
        for (let i = 0; i < length; i++) {
          const at = set * length + order[i]!;
          const label = i < k ? i : random.integer(k);
          labels[at] = label;
          items[2 * at] = centers[chosen[label]!]! + spread * random.normal();
          items[2 * at + 1] = spread * random.normal();
        }
      }
      return { items: new NdArray(items, [batch, length, 2]), labels, counts };
    },
  };
}
