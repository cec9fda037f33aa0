// Clusters from a similarity graph that is not transitive: items of which every two are linked.
import type { Random } from "../../../random";
import type { Link } from "./graph-sets";
import type { SetPart } from "./provider";
import { splitParts } from "./sampling";

/** What is known of each item: those it belongs together with, and those it does not; undefined: all it is not linked with. */
export interface KnownLinks {
  readonly alike: readonly ReadonlySet<number>[];
  readonly different: readonly ReadonlySet<number>[] | undefined;
}

/** The links of each of n items. */
export function linksOf(n: number, mustLink: readonly Link[], cannotLink: readonly Link[] | undefined): KnownLinks {
  const collected = (links: readonly Link[]): Set<number>[] => {
    const of = Array.from({ length: n }, () => new Set<number>());
    for (const [a, b] of links)
      if (a !== b) {
        of[a]!.add(b);
        of[b]!.add(a);
      }
    return of;
  };
  return { alike: collected(mustLink), different: cannotLink && collected(cannotLink) };
}

/** With fewer subgraphs for each part than this, they are cut. */
const WHOLE = 3;

/**
 * The linked items of each part. Whole subgraphs where there are enough; otherwise the items as a walk through the graph comes to them,
 * breadth first, are cut into three stretches, and links from one to another are not used.
 */
export function splitItems(
  op: string,
  { alike }: KnownLinks,
  subgraph: ArrayLike<number>,
  shares: readonly [number, number, number],
  random: Random,
): Record<SetPart, number[]> {
  const bySubgraph = new Map<number, number[]>();
  alike.forEach((links, item) => {
    if (links.size === 0) return;
    const own = bySubgraph.get(subgraph[item]!);
    if (own) own.push(item);
    else bySubgraph.set(subgraph[item]!, [item]);
  });
  const subgraphs = [...bySubgraph.values()];
  if (subgraphs.length >= WHOLE * shares.filter((share) => share > 0).length) {
    const parts = splitParts(op, subgraphs.length, shares, random);
    const of = (part: SetPart): number[] => parts[part].flatMap((i) => subgraphs[i]!);
    return { train: of("train"), validation: of("validation"), test: of("test") };
  }
  const walked = [...random.permutation(subgraphs.length)].flatMap((i) => walk(subgraphs[i]!, alike));
  // how many of each; which ones says the walk
  const sizes = splitParts(op, walked.length, shares, random);
  const [train, validation] = [sizes.train.length, sizes.validation.length];
  return {
    train: walked.slice(0, train),
    validation: walked.slice(train, train + validation),
    test: walked.slice(train + validation),
  };
}

/** Items in the order of a breadth-first walk from the one with the fewest links, the first of several: from an end, where there is one. */
function walk(items: readonly number[], alike: KnownLinks["alike"]): number[] {
  const rest = [...items].sort((a, b) => alike[a]!.size - alike[b]!.size || a - b);
  const seen = new Set<number>();
  const order: number[] = [];
  for (const start of rest) {
    if (seen.has(start)) continue;
    seen.add(start);
    for (let at = order.push(start) - 1; at < order.length; at++)
      for (const next of alike[order[at]!]!)
        if (!seen.has(next)) {
          seen.add(next);
          order.push(next);
        }
  }
  return order;
}

/**
 * Up to k clusters of `minimum` of the items or more: in each every two are linked, and of two clusters no two, or every two are known to differ. Begun at
 * random items, and grown by random ones as long as there are any.
 */
export function chooseCliques(
  items: readonly number[],
  { alike, different }: KnownLinks,
  { k, minimum, random }: { readonly k: number; readonly minimum: number; readonly random: Random },
): number[][] {
  const inPart = new Set(items);
  const chosen: number[][] = [];
  const differs = (item: number): boolean =>
    chosen.every((clique) =>
      clique.every((other) => (different ? different[item]!.has(other) : item !== other && !alike[item]!.has(other))),
    );
  const taken = new Set<number>();
  for (const place of random.permutation(items.length)) {
    if (chosen.length === k) break;
    const start = items[place]!;
    if (taken.has(start) || !differs(start)) continue;
    const clique = [start];
    const around = [...alike[start]!].filter((item) => inPart.has(item) && !taken.has(item) && differs(item));
    for (const i of random.permutation(around.length)) {
      const item = around[i]!;
      if (clique.every((other) => alike[item]!.has(other))) clique.push(item);
    }
    if (clique.length < minimum) continue;
    for (const item of clique) taken.add(item);
    chosen.push(clique);
  }
  return chosen;
}
