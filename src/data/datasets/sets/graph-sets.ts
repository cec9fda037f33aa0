import { checkInteger, checkNames } from "../../../checks";
import type { MatrixLike } from "../../../matrix";
import { Random } from "../../../random";
import { chooseCliques, linksOf, splitItems, type KnownLinks } from "./graph-cliques";
import { Items, type ItemOptions } from "./items";
import type { SetBatch, SetPart, SetProvider } from "./provider";
import { assemble, assembleLabels, fill, splitParts, type Draw, type FillOptions } from "./sampling";
import { generate } from "../../../typed-arrays";

/** Two items, by their places. */
export type Link = readonly [a: number, b: number];

/** Settings of `SimilarityGraphSets`. */
export interface SimilarityGraphSetsOptions extends ItemOptions, FillOptions {
  /** Most clusters in a set. Default 5. */
  readonly kMax?: number;
  /** Pairs that are known to be of different kinds. Default: what must-links do not connect is different. */
  readonly cannotLink?: readonly Link[];
  /**
   * Whether items that a path of must-links connects belong together. Default true. False: only those of which every two are linked do, as
   * where similarity is not transitive; a subgraph may then be cut where there are too few for the parts, since a chain of links is one.
   */
  readonly transitive?: boolean;
  /** Shares of the disconnected subgraphs for train, validation and test. Default [0.8, 0.1, 0.1]. */
  readonly shares?: readonly [train: number, validation: number, test: number];
  /** Seed of the shuffle of subgraphs. Default 0. */
  readonly seed?: number;
}

/** Items that are connected by must-links: one cluster, or a piece of one. */
interface Group {
  readonly members: number[];
  /** Groups that are known to be others; undefined: all. */
  readonly different: Set<Group> | undefined;
}

/** Items of each part, and what is known of them. */
interface Linked {
  readonly items: Readonly<Record<SetPart, readonly number[]>>;
  readonly known: KnownLinks;
}

/**
 * Sets from a weakly labelled similarity graph (Meier, "Learning to Cluster", section 8.2): edges say of some pairs that they belong together,
 * and, with `cannotLink`, of others that they do not. The connected components of the must-links are groups; a set's clusters are groups of
 * which every two are known to differ. Subgraphs with no edge between them are assigned to train, validation and test as a whole. A set has k
 * clusters, k uniform in 1 … kMax, or as many groups that differ as were found.
 */
export class SimilarityGraphSets implements SetProvider {
  readonly itemShape: readonly number[];
  readonly kMax: number;
  readonly #items: Items;
  readonly #options: SimilarityGraphSetsOptions;
  /** Groups that may be clusters, by part; none where links are not transitive. */
  readonly #groups: Readonly<Record<SetPart, readonly Group[]>>;
  /** Where they are not: the items of each part, and what is known of them. */
  readonly #linked: Linked | undefined;

  /**
   * @param items [n, …], any numbers
   * @throws when a link names no item, a pair must and cannot be linked, or a part gets no group of `minimum` items
   */
  constructor(items: MatrixLike, mustLink: readonly Link[], options: SimilarityGraphSetsOptions = {}) {
    const op = "SimilarityGraphSets";
    checkNames<SimilarityGraphSetsOptions>(op, options, {
      kMax: true,
      cannotLink: true,
      transitive: "flag",
      shares: true,
      seed: true,
      affine: true,
      mirror: "flag",
      window: true,
      steps: true,
      minimum: true,
      replacement: "flag",
    });
    const { kMax = 5, minimum = 2, cannotLink, shares = [0.8, 0.1, 0.1], seed = 0 } = options;
    checkInteger(op, { kMax, minimum }, 1);
    this.kMax = kMax;
    this.#options = options;
    this.#items = new Items(op, items, options);
    this.itemShape = this.#items.shape;
    const n = this.#items.count;
    for (const [a, b] of [...mustLink, ...(cannotLink ?? [])])
      for (const i of [a, b])
        if (!Number.isInteger(i) || i < 0 || i >= n)
          throw new Error(`${op}: links must name items from 0 to ${n - 1}, got [${a}, ${b}]`);

    if (options.transitive === false) {
      const known = linksOf(n, mustLink, cannotLink);
      const both = cannotLink?.find(([a, b]) => a === b || known.alike[a]!.has(b));
      if (both) throw new Error(`${op}: items ${both[0]} and ${both[1]} must and must not be linked`);
      const connected = components(n, [...mustLink, ...(cannotLink ?? [])]);
      // eslint-disable-next-line no-restricted-syntax -- splits that the figures of examples were measured on
      this.#linked = { items: splitItems(op, known, connected, shares, new Random(seed)), known };
      this.#groups = { train: [], validation: [], test: [] };
      return;
    }
    const groups = groupsOf(n, mustLink, cannotLink !== undefined);
    for (const [a, b] of cannotLink ?? []) {
      const [first, second] = [groups[a]!, groups[b]!];
      if (first === second)
        throw new Error(`${op}: items ${a} and ${b} must not be linked, but must-links connect them`);
      first.different?.add(second);
      second.different?.add(first);
    }
    const subgraph = components(n, [...mustLink, ...(cannotLink ?? [])]);
    const usable = [...new Set(groups)].filter(({ members }) => members.length >= minimum);
    const bySubgraph = new Map<number, Group[]>();
    for (const group of usable) {
      const root = subgraph[group.members[0]!]!;
      const list = bySubgraph.get(root);
      if (list) list.push(group);
      else bySubgraph.set(root, [group]);
    }
    const subgraphs = [...bySubgraph.values()];
    if (subgraphs.length > 0 && subgraphs.length < shares.filter((share) => share > 0).length)
      throw new Error(
        `${op}: the must-links connect all items into ${subgraphs.length}, too few for the parts; where links are not transitive, give transitive: false`,
      );
    // eslint-disable-next-line no-restricted-syntax -- splits that the figures of examples were measured on
    const parts = splitParts(op, subgraphs.length, shares, new Random(seed));
    const ofPart = (part: SetPart): Group[] => parts[part].flatMap((i) => subgraphs[i]!);
    this.#groups = { train: ofPart("train"), validation: ofPart("validation"), test: ofPart("test") };
  }

  /** @throws when the part is empty, `length` is too small for kMax clusters, or a group is too small without replacement */
  sample(part: SetPart, batch: number, length: number, random: Random): SetBatch {
    return assemble(this.itemShape, part, batch, length, random, this.#draws(part, length, random));
  }

  /** @throws as `sample` */
  sampleLabels(part: SetPart, batch: number, length: number, random: Random): Int32Array {
    return assembleLabels(batch, length, this.#draws(part, length, random));
  }

  /** What draws the sets of a part. */
  #draws(part: SetPart, length: number, random: Random): () => Draw & { readonly items: Items } {
    const { replacement = true } = this.#options;
    if (this.#linked) return this.#cliques(part, length, random, this.#linked);
    const groups = this.#groups[part];
    if (groups.length === 0) throw new Error(`SimilarityGraphSets: ${part} has no groups`);
    this.#checkLength(length);
    const smallest = Math.min(...groups.map(({ members }) => members.length));
    if (!replacement && smallest < length)
      throw new Error(
        `SimilarityGraphSets: without replacement, every group of ${part} must hold ${length} items, the smallest holds ${smallest}`,
      );
    return () => {
      const chosen = choose(groups, 1 + random.integer(this.kMax), random);
      const members = chosen.map((group) => group.members);
      return { items: this.#items, ...fill(members, length, this.#options, random) };
    };
  }

  #checkLength(length: number): void {
    const { minimum = 2 } = this.#options;
    if (length < minimum * this.kMax)
      throw new Error(
        `SimilarityGraphSets: sets of ${this.kMax} clusters of ${minimum} or more need ${minimum * this.kMax} items, got ${length}`,
      );
  }

  /** What draws sets where links are not transitive. */
  #cliques(
    part: SetPart,
    length: number,
    random: Random,
    { items: byPart, known }: Linked,
  ): () => Draw & { readonly items: Items } {
    const { minimum = 2, replacement = true } = this.#options;
    const items = byPart[part];
    this.#checkLength(length);
    return () => {
      const k = 1 + random.integer(this.kMax);
      const members = chooseCliques(items, known, { k, minimum, random });
      const held = members.reduce((sum, clique) => sum + clique.length, 0);
      if (held === 0) throw new Error(`SimilarityGraphSets: ${part} has no ${minimum} items that are linked`);
      if (!replacement && held < length)
        throw new Error(
          `SimilarityGraphSets: without replacement, the clusters of ${part} must hold ${length} items, those drawn hold ${held}`,
        );
      return { items: this.#items, ...fill(members, length, this.#options, random) };
    };
  }
}

/** Up to k groups of which every two differ, the first of them any. */
function choose(groups: readonly Group[], k: number, random: Random): Group[] {
  const chosen: Group[] = [];
  for (const place of random.permutation(groups.length)) {
    const group = groups[place]!;
    if (chosen.every((other) => !other.different || other.different.has(group))) chosen.push(group);
    if (chosen.length === k) break;
  }
  return chosen;
}

/** The group of each item. */
function groupsOf(n: number, mustLink: readonly Link[], weak: boolean): Group[] {
  const component = components(n, mustLink);
  const groups = new Map<number, Group>();
  return Array.from({ length: n }, (_, i) => {
    let group = groups.get(component[i]!);
    if (!group) groups.set(component[i]!, (group = { members: [], different: weak ? new Set() : undefined }));
    group.members.push(i);
    return group;
  });
}

/** For each of n vertices, one of its connected component: the same for all of it (union by paths that are halved on the way). */
function components(n: number, edges: readonly Link[]): Int32Array {
  const parent = generate(Int32Array, n, (i) => i);
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  for (const [a, b] of edges) parent[root(a)] = root(b);
  return parent.map((_, i) => root(i));
}
