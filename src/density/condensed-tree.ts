import type { Linkage } from "./linkage";
import { mapTo } from "../typed-arrays";

/**
 * The condensed tree of a hierarchy (Campello, Moulavi, Zimek and Sander, ACM TKDD 2015): clusters n, n + 1, … that split into two of at least
 * minClusterSize points, and the points that fall out of them. Row i: `children[i]` (a point below n, or a cluster) leaves `parents[i]` at
 * λ = 1 / distance, `lambdas[i]`, with `sizes[i]` points.
 */
export interface CondensedTree {
  readonly n: number;
  readonly parents: Int32Array<ArrayBuffer>;
  readonly children: Int32Array<ArrayBuffer>;
  readonly lambdas: Float64Array<ArrayBuffer>;
  readonly sizes: Int32Array<ArrayBuffer>;
}

/** Clusters of fewer than minClusterSize points are points that fall out. */
export function condense({ children, distances, sizes }: Linkage, minClusterSize: number): CondensedTree {
  const n = distances.length + 1;
  const rows = { parents: [] as number[], children: [] as number[], lambdas: [] as number[], sizes: [] as number[] };
  const put = (parent: number, child: number, lambda: number, size: number): void => {
    rows.parents.push(parent);
    rows.children.push(child);
    rows.lambdas.push(lambda);
    rows.sizes.push(size);
  };
  const sizeOf = (node: number): number => (node < n ? 1 : sizes[node - n]!);
  let next = n + 1;
  /** Nodes by level, each with the cluster it belongs to. */
  let level: (readonly [node: number, cluster: number])[] = n > 1 ? [[2 * n - 2, n]] : [];
  while (level.length > 0) {
    const offspring: (readonly [number, number])[] = [];
    for (const [node, cluster] of level) {
      const merge = node - n;
      const lambda = distances[merge]! > 0 ? 1 / distances[merge]! : Infinity;
      const parts = partsOf(node, n, children, distances);
      const large = parts.filter((child) => sizeOf(child) >= minClusterSize);
      for (const child of parts) {
        if (sizeOf(child) < minClusterSize)
          for (const point of pointsBelow(children, n, child)) put(cluster, point, lambda, 1);
        else if (large.length === 1) offspring.push([child, cluster]);
        else {
          put(cluster, next, lambda, sizeOf(child));
          offspring.push([child, next++]);
        }
      }
    }
    // of single points in clusters of one there is nothing below
    level = offspring.filter(([node]) => node >= n);
    for (const [node, cluster] of offspring) if (node < n) put(cluster, node, Infinity, 1);
  }
  return {
    n,
    parents: Int32Array.from(rows.parents),
    children: Int32Array.from(rows.children),
    lambdas: Float64Array.from(rows.lambdas),
    sizes: Int32Array.from(rows.sizes),
  };
}

/** What is left of a cluster when all edges of its distance go at once: equal ones are no order of merges, as the definition has it. */
function partsOf(node: number, n: number, children: Int32Array, distances: Float64Array): number[] {
  const parts: number[] = [];
  const stack = [node];
  while (stack.length > 0) {
    const top = stack.pop()!;
    if (top < n || (top !== node && distances[top - n] !== distances[node - n])) parts.push(top);
    else stack.push(children[2 * (top - n) + 1]!, children[2 * (top - n)]!);
  }
  return parts;
}

function pointsBelow(children: Int32Array, n: number, node: number): number[] {
  const found: number[] = [];
  const stack = [node];
  while (stack.length > 0) {
    const top = stack.pop()!;
    if (top < n) found.push(top);
    else stack.push(children[2 * (top - n) + 1]!, children[2 * (top - n)]!);
  }
  return found;
}

/** What is chosen of a condensed tree. */
export interface Selection {
  /** −1 for noise, [n]. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** min(λ_p, λ_max) / λ_max, λ_max of what leaves the cluster itself: how deep a point lies in it, 0 for noise, [n]. */
  readonly probabilities: Float64Array<ArrayBuffer>;
  /** Stability of each cluster over its points and the largest λ, as Python's `hdbscan` scales it. */
  readonly persistence: Float64Array<ArrayBuffer>;
  /** The label of each cluster of the tree that was chosen or lies in a chosen one, by its number less n; −1 for the others. */
  readonly within: Int32Array<ArrayBuffer>;
}

/** How clusters are chosen. */
export interface SelectionOptions {
  readonly method: "eom" | "leaf";
  readonly allowSingleCluster: boolean;
  /** Clusters that were born below this distance are merged into those above. */
  readonly epsilon: number;
}

/** λ at which each cluster is born, and Σ (λ_child − λ_birth) size, by cluster number less n. */
function stabilities({ n, parents, children, lambdas, sizes }: CondensedTree): {
  births: Float64Array;
  stability: Float64Array;
} {
  const clusters = parents.reduce((most, parent) => Math.max(most, parent - n + 1), 1);
  const last = children.reduce((most, child) => Math.max(most, child - n + 1), clusters);
  const [births, stability] = [new Float64Array(last), new Float64Array(last)];
  children.forEach((child, e) => {
    if (child >= n) births[child - n] = lambdas[e]!;
  });
  children.forEach((_, e) => {
    const parent = parents[e]! - n;
    const life = lambdas[e]! - births[parent]!;
    if (lambdas[e]! > births[parent]!) stability[parent]! += life * sizes[e]!;
  });
  return { births, stability };
}

/** Chooses clusters by excess of mass or the leaves, and gives points their labels (Campello et al. 2015, section 5; McInnes and Healy 2017). */
export function selectClusters(
  tree: CondensedTree,
  { method, allowSingleCluster, epsilon }: SelectionOptions,
): Selection {
  const { n, parents, children } = tree;
  const { births, stability } = stabilities(tree);
  const clusters = births.length;
  const parentOf = new Int32Array(clusters).fill(-1);
  const offspring = Array.from({ length: clusters }, (): number[] => []);
  children.forEach((child, e) => {
    if (child < n) return;
    parentOf[child - n] = parents[e]! - n;
    offspring[parents[e]! - n]!.push(child - n);
  });
  const chosen = new Uint8Array(clusters);
  if (method === "leaf") {
    for (let c = 0; c < clusters; c++) if (offspring[c]!.length === 0 && (c > 0 || allowSingleCluster)) chosen[c] = 1;
  } else {
    const mass = stability.slice();
    for (let c = clusters - 1; c >= 0; c--) {
      const inside = offspring[c]!.reduce((sum, child) => sum + mass[child]!, 0);
      if (c === 0 && !allowSingleCluster) break;
      if (offspring[c]!.length > 0 && inside > mass[c]!) mass[c] = inside;
      else {
        chosen[c] = 1;
        for (const stack = [...offspring[c]!]; stack.length > 0;) {
          const child = stack.pop()!;
          chosen[child] = 0;
          stack.push(...offspring[child]!);
        }
      }
    }
  }
  if (epsilon > 0) raise(chosen, parentOf, offspring, births, epsilon, allowSingleCluster);
  return labelled(tree, chosen, parentOf, stability, allowSingleCluster, epsilon);
}

/** Clusters born at distances below epsilon give way to the first above them that was not (Malzer and Baum 2020). */
function raise(
  chosen: Uint8Array,
  parentOf: Int32Array,
  offspring: readonly (readonly number[])[],
  births: Float64Array,
  epsilon: number,
  allowSingleCluster: boolean,
): void {
  const before = mapTo(Uint32Array, chosen, (_, c) => c).filter((c) => chosen[c] === 1);
  chosen.fill(0);
  for (const cluster of before) {
    let c = cluster;
    while (c > 0 && 1 / births[c]! < epsilon) {
      const parent = parentOf[c]!;
      if (parent === 0) {
        if (allowSingleCluster) c = 0;
        break;
      }
      c = parent;
    }
    chosen[c] = 1;
  }
  // of those that lie in each other the upper ones stay
  for (let c = 0; c < chosen.length; c++)
    if (chosen[c])
      for (const stack = [...offspring[c]!]; stack.length > 0;) {
        const child = stack.pop()!;
        chosen[child] = 0;
        stack.push(...offspring[child]!);
      }
}

function labelled(
  { n, parents, children, lambdas }: CondensedTree,
  chosen: Uint8Array,
  parentOf: Int32Array,
  stability: Float64Array,
  allowSingleCluster: boolean,
  epsilon: number,
): Selection {
  const numbers = new Int32Array(chosen.length).fill(-1);
  let count = 0;
  chosen.forEach((is, c) => {
    if (is) numbers[c] = count++;
  });
  // every cluster's chosen ancestor; a cluster's number is above its parent's
  const within = new Int32Array(chosen.length).fill(-1);
  for (let c = 0; c < chosen.length; c++) within[c] = chosen[c] ? c : parentOf[c]! >= 0 ? within[parentOf[c]!]! : -1;
  const [labels, probabilities] = [new Int32Array(n).fill(-1), new Float64Array(n)];
  const own = new Float64Array(n);
  const deepest = new Float64Array(chosen.length);
  children.forEach((child, e) => {
    const home = within[parents[e]! - n]!;
    if (home === parents[e]! - n) deepest[home] = Math.max(deepest[home]!, lambdas[e]!);
    if (child < n) own[child] = lambdas[e]!;
  });
  const rootDeepest = children.reduce((most, _, e) => (parents[e] === n ? Math.max(most, lambdas[e]!) : most), 0);
  children.forEach((child, e) => {
    if (child >= n) return;
    const home = within[parents[e]! - n]!;
    if (home < 0) return;
    // the root is a cluster only of what does not fall out before it ends
    if (home === 0) {
      const threshold = epsilon > 0 ? 1 / epsilon : rootDeepest;
      if (!allowSingleCluster || count > 1 || own[child]! < threshold) return;
    }
    labels[child] = numbers[home]!;
    const most = deepest[home]!;
    probabilities[child] = most === 0 || own[child] === Infinity ? 1 : Math.min(own[child]!, most) / most;
  });
  const largest = lambdas.reduce((most, value) => Math.max(most, value), 0);
  const members = new Int32Array(count);
  for (const label of labels) if (label >= 0) members[label]!++;
  const persistence = new Float64Array(count);
  numbers.forEach((number, c) => {
    if (number < 0) return;
    const scaled = stability[c]! / (members[number]! * largest);
    persistence[number] = stability[c] === Infinity || largest === 0 ? 1 : scaled;
  });
  return { labels, probabilities, persistence, within: within.map((home) => (home < 0 ? -1 : numbers[home]!)) };
}

/** 1 − λ_p / λ_max of the cluster that a point falls out of: the outlier score GLOSH (Campello et al. 2015, section 6). */
export function outlierScores(tree: CondensedTree): Float64Array<ArrayBuffer> {
  const { n, parents, children, lambdas } = tree;
  const last = children.reduce((most, child) => Math.max(most, child - n + 1), 1);
  const deaths = new Float64Array(last);
  // deepest λ in a cluster and those below it: children have higher numbers
  children.forEach((child, e) => {
    if (child < n) deaths[parents[e]! - n] = Math.max(deaths[parents[e]! - n]!, lambdas[e]!);
  });
  for (let e = children.length - 1; e >= 0; e--)
    if (children[e]! >= n) deaths[parents[e]! - n] = Math.max(deaths[parents[e]! - n]!, deaths[children[e]! - n]!);
  const scores = new Float64Array(n);
  children.forEach((child, e) => {
    if (child >= n) return;
    const most = deaths[parents[e]! - n]!;
    if (most > 0 && Number.isFinite(lambdas[e]!)) scores[child] = most === Infinity ? 1 : (most - lambdas[e]!) / most;
  });
  return scores;
}
