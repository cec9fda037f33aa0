import { checkInteger, checkNames } from "../../../checks";
import { toLabels, type MatrixLike } from "../../../matrix";
import { Random } from "../../../random";
import { Items, type ItemOptions } from "./items";
import type { SetBatch, SetPart, SetProvider } from "./provider";
import { PARTS, assemble, assembleLabels, fill, splitParts, type Draw, type FillOptions } from "./sampling";

/** Settings of `ClassSets`. */
export interface ClassSetsOptions extends ItemOptions, FillOptions {
  /** Most clusters in a set. Default 5. */
  readonly kMax?: number;
  /** Fewest clusters in a set. Default 1. */
  readonly kMin?: number;
  /** The classes of each part, no class in two of them. Default: `shares` of all classes, shuffled by `seed`. */
  readonly classes?: Readonly<Partial<Record<SetPart, readonly number[]>>>;
  /** Shares of the classes for train, validation and test. Default [0.8, 0.1, 0.1]. */
  readonly shares?: readonly [train: number, validation: number, test: number];
  /** Seed of the shuffle. Default 0. */
  readonly seed?: number;
}

/** A class with its examples. */
interface Group {
  readonly label: number;
  readonly members: Int32Array;
}

/**
 * Sets of class-labelled examples: k of a part's classes, chosen at random with k uniform in kMin … kMax, are the clusters of a set; each gets
 * `minimum` examples, the rest are drawn one at a time of one of them (Meier, "Learning to Cluster", section 8.3). The classes of train,
 * validation and test are disjoint: what is learnt is to cluster, not the classes.
 */
export class ClassSets implements SetProvider {
  readonly itemShape: readonly number[];
  readonly kMax: number;
  /** The classes of each part. */
  readonly classes: Readonly<Record<SetPart, readonly number[]>>;
  readonly #items: Items;
  readonly #groups: Readonly<Record<SetPart, readonly Group[]>>;
  readonly #options: ClassSetsOptions;

  /**
   * @param items [n, …], any numbers
   * @param labels class of each item
   * @throws when a class has fewer examples than `minimum` (with windows of a recording: fewer windows), a class is in two parts, a part has
   * fewer classes than kMax, or the items are not finite
   */
  constructor(items: MatrixLike, labels: MatrixLike, options: ClassSetsOptions = {}) {
    const op = "ClassSets";
    checkNames<ClassSetsOptions>(op, options, {
      kMax: true,
      kMin: true,
      classes: true,
      shares: true,
      seed: true,
      affine: true,
      mirror: "flag",
      window: true,
      steps: true,
      minimum: true,
      replacement: "flag",
    });
    const { kMax = 5, kMin = 1, minimum = 2, seed = 0, shares = [0.8, 0.1, 0.1] } = options;
    checkInteger(op, { kMin, minimum }, 1);
    checkInteger(op, { kMax }, kMin);
    this.kMax = kMax;
    this.#options = options;
    this.#items = new Items(op, items, options);
    this.itemShape = this.#items.shape;
    const groups = this.#group(op, toLabels(labels, op, "labels"));
    const known = [...groups.keys()].sort((a, b) => a - b);
    if (options.classes) this.classes = { train: [], validation: [], test: [], ...options.classes };
    else {
      // eslint-disable-next-line no-restricted-syntax -- splits that the figures of examples were measured on
      const parts = splitParts(op, known.length, shares, new Random(seed));
      const classesOf = (part: SetPart): number[] => parts[part].map((i) => known[i]!);
      this.classes = { train: classesOf("train"), validation: classesOf("validation"), test: classesOf("test") };
    }
    const used = new Map<number, SetPart>();
    const groupsOf = (part: SetPart): Group[] =>
      this.classes[part].map((label) => {
        const members = groups.get(label);
        if (!members) throw new Error(`${op}: class ${label} of ${part} has no example`);
        const before = used.get(label);
        if (before) throw new Error(`${op}: no class may be in two parts, got ${label} in ${before} and ${part}`);
        used.set(label, part);
        return { label, members };
      });
    this.#groups = { train: groupsOf("train"), validation: groupsOf("validation"), test: groupsOf("test") };
    for (const part of PARTS) this.#checkPart(op, part, kMax, minimum);
  }

  #group(op: string, labels: Int32Array): Map<number, Int32Array> {
    if (labels.length !== this.#items.count)
      throw new Error(`${op}: each item needs a label, got ${labels.length} labels for ${this.#items.count} items`);
    const lists = new Map<number, number[]>();
    labels.forEach((label, i) => {
      const list = lists.get(label);
      if (list) list.push(i);
      else lists.set(label, [i]);
    });
    return new Map([...lists].map(([label, list]) => [label, Int32Array.from(list)]));
  }

  #checkPart(op: string, part: SetPart, kMax: number, minimum: number): void {
    const groups = this.#groups[part];
    if (groups.length > 0 && groups.length < kMax)
      throw new Error(
        `${op}: ${part} must have ${kMax} classes or more to make ${kMax} clusters of, got ${groups.length}`,
      );
    for (const { label, members } of groups) {
      const variety = members.reduce((sum, i) => sum + this.#items.variety(i), 0);
      const enough = this.#options.replacement === false ? members.length : variety;
      if (enough < minimum)
        throw new Error(`${op}: a class needs ${minimum} examples or more, class ${label} of ${part} has ${enough}`);
    }
  }

  /** @throws when the part is empty, `length` is too small for kMax clusters, or classes run out of examples without replacement */
  sample(part: SetPart, batch: number, length: number, random: Random): SetBatch {
    return assemble(this.itemShape, part, batch, length, random, this.#draws(part, length, random));
  }

  /** @throws as `sample` */
  sampleLabels(part: SetPart, batch: number, length: number, random: Random): Int32Array {
    return assembleLabels(batch, length, this.#draws(part, length, random));
  }

  /** What draws the sets of a part. */
  #draws(part: SetPart, length: number, random: Random): () => Draw & { readonly items: Items } {
    const { kMin = 1, minimum = 2, replacement = true } = this.#options;
    const groups = this.#groups[part];
    if (groups.length === 0) throw new Error(`ClassSets: ${part} has no classes`);
    if (length < minimum * this.kMax)
      throw new Error(
        `ClassSets: sets of ${this.kMax} clusters of ${minimum} or more need ${minimum * this.kMax} items, got ${length}`,
      );
    if (!replacement) this.#checkSupply(part, length, kMin);
    return () => {
      const k = kMin + random.integer(this.kMax - kMin + 1);
      const chosen = choose(groups, k, random).map(({ members }) => members);
      return { items: this.#items, ...fill(chosen, length, this.#options, random) };
    };
  }

  /** kMin classes must hold a set's items even where they are the smallest. */
  #checkSupply(part: SetPart, length: number, kMin: number): void {
    const sizes = this.#groups[part].map(({ members }) => members.length).sort((a, b) => a - b);
    const fewest = sizes.slice(0, kMin).reduce((a, b) => a + b, 0);
    if (fewest < length)
      throw new Error(
        `ClassSets: without replacement, ${kMin} classes of ${part} must hold ${length} examples, the smallest hold ${fewest}; allow replacement or raise kMin`,
      );
  }
}

/** k of the list in random order. */
function choose<T>(list: readonly T[], k: number, random: Random): T[] {
  const rest = [...list];
  return Array.from({ length: k }, () => {
    const place = random.integer(rest.length);
    const taken = rest[place]!;
    rest[place] = rest[rest.length - 1]!;
    rest.pop();
    return taken;
  });
}
