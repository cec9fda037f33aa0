import { checkInteger, checkNames } from "../../../checks";
import { toLabels, type MatrixLike } from "../../../matrix";
import type { Random } from "../../../random";
import { Items, type ItemOptions } from "./items";
import type { SetBatch, SetPart, SetProvider } from "./provider";
import { PARTS, assemble } from "./sampling";

/** A set of items with the cluster of each: [n, …] and n labels. */
export interface Clustering {
  readonly items: MatrixLike;
  readonly labels: MatrixLike;
}

/** Settings of `GivenSets`. */
export interface GivenSetsOptions extends Omit<ItemOptions, "steps"> {
  /** Most clusters in a set. Default: that of the given clusterings. */
  readonly kMax?: number;
}

interface Given {
  readonly items: Items;
  readonly labels: Int32Array;
}

/**
 * Sets that are clustered already: each sample is one of the given clusterings, drawn at random, in random order; of a larger one, as many items
 * as asked for, drawn without replacement. Labels are only told apart: each clustering has its own.
 */
export class GivenSets implements SetProvider {
  readonly itemShape: readonly number[];
  readonly kMax: number;
  readonly #parts: Readonly<Record<SetPart, readonly Given[]>>;

  /** @throws when a clustering is empty or not finite, has more clusters than kMax, or items of another shape */
  constructor(clusterings: Readonly<Partial<Record<SetPart, readonly Clustering[]>>>, options: GivenSetsOptions = {}) {
    checkNames<GivenSetsOptions>("GivenSets", options, { kMax: true, affine: true, mirror: "flag", window: true });
    let most = 0;
    let shape: readonly number[] | undefined;
    const take = (part: SetPart): Given[] =>
      (clusterings[part] ?? []).map(({ items: x, labels: y }, i) => {
        const op = `GivenSets: clustering ${i} of ${part}`;
        const items = new Items(op, x, options);
        const labels = toLabels(y, op, "labels");
        if (labels.length !== items.count)
          throw new Error(`${op}: each item needs a label, ${labels.length} labels for ${items.count} items`);
        shape ??= items.shape;
        if (items.shape.join() !== shape.join())
          throw new Error(
            `${op}: items must have one shape, got [${items.shape.join(", ")}] and before [${shape.join(", ")}]`,
          );
        const clusters = new Set(labels).size;
        if (clusters > (options.kMax ?? Infinity))
          throw new Error(`${op}: it must have at most kMax = ${options.kMax} clusters, got ${clusters}`);
        most = Math.max(most, clusters);
        return { items, labels };
      });
    this.#parts = { train: take("train"), validation: take("validation"), test: take("test") };
    if (!shape) throw new Error(`GivenSets: there must be a clustering in ${PARTS.join(", ")}`);
    this.itemShape = shape;
    this.kMax = options.kMax ?? most;
    checkInteger("GivenSets", { kMax: this.kMax }, 1);
  }

  /** @throws when the part has no clustering of `length` items or more */
  sample(part: SetPart, batch: number, length: number, random: Random): SetBatch {
    const large = this.#parts[part].filter(({ labels }) => labels.length >= length);
    if (large.length === 0)
      throw new Error(
        `GivenSets: ${part} has no clustering of ${length} items or more among its ${this.#parts[part].length}`,
      );
    return assemble(this.itemShape, part, batch, length, random, () => {
      const { items, labels } = large[random.integer(large.length)]!;
      const members = [...random.permutation(labels.length).subarray(0, length)];
      const names = new Map<number, number>(); // clusters are numbered as they come, those that are left out have no number
      const clusters = members.map((i) => {
        const known = names.get(labels[i]!);
        if (known !== undefined) return known;
        names.set(labels[i]!, names.size);
        return names.size - 1;
      });
      return { items, members, clusters, count: names.size };
    });
  }
}
