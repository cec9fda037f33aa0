// HDBSCAN written from Campello, Moulavi, Zimek and Sander (ACM TKDD 2015) over all pairs in float64: definitions, no data structures.

export interface Reference {
  readonly labels: number[];
  /** Leaves of the hierarchy by level: [parent, child, λ, size], sorted, clusters named by their sorted points. */
  readonly tree: string[];
}

/** All points of every cluster, by λ at which it is born; written as a recursion over sets of points. */
export function reference(
  x: readonly (readonly number[])[],
  minClusterSize: number,
  minSamples: number,
  method: "eom" | "leaf",
): Reference {
  const n = x.length;
  const distance = (i: number, j: number): number =>
    Math.sqrt(x[i]!.reduce((sum, v, c) => sum + (v - x[j]![c]!) ** 2, 0));
  const cores = x.map((_, i) => x.map((_, j) => distance(i, j)).sort((a, b) => a - b)[Math.min(minSamples, n - 1)]!);
  const reach = (i: number, j: number): number => Math.max(cores[i]!, cores[j]!, distance(i, j));

  // a spanning tree by Prim
  const edges: { a: number; b: number; w: number }[] = [];
  const inside = new Set([0]);
  while (inside.size < n) {
    let best = { a: -1, b: -1, w: Infinity };
    for (const a of inside)
      for (let b = 0; b < n; b++) if (!inside.has(b) && reach(a, b) < best.w) best = { a, b, w: reach(a, b) };
    edges.push(best);
    inside.add(best.b);
  }

  interface Cluster {
    readonly points: number[];
    readonly birth: number;
    /** λ at which each point leaves, or the cluster ends. */
    readonly leaves: Map<number, number>;
    children: Cluster[];
  }
  const parts = (points: readonly number[], below: number): number[][] => {
    // connected by edges shorter than `below`
    const left = new Set(points);
    const found: number[][] = [];
    while (left.size > 0) {
      const part = [left.values().next().value!];
      left.delete(part[0]!);
      for (const p of part)
        for (const { a, b, w } of edges)
          if (w < below && (a === p || b === p)) {
            const other = a === p ? b : a;
            if (left.delete(other)) part.push(other);
          }
      found.push(part);
    }
    return found;
  };
  /** Follows a set of points down to where it splits. */
  const grow = (points: number[], birth: number): Cluster => {
    const cluster: Cluster = { points: [...points].sort((a, b) => a - b), birth, leaves: new Map(), children: [] };
    let now = points;
    for (;;) {
      const own = new Set(now);
      const longest = edges.reduce((most, { a, b, w }) => (own.has(a) && own.has(b) ? Math.max(most, w) : most), -1);
      if (longest < 0) {
        for (const p of now) cluster.leaves.set(p, Infinity);
        return cluster;
      }
      const lambda = 1 / longest;
      const split = parts(now, longest);
      const large = split.filter((part) => part.length >= minClusterSize);
      for (const part of split) if (part.length < minClusterSize) for (const p of part) cluster.leaves.set(p, lambda);
      if (large.length === 0) return cluster;
      if (large.length > 1) {
        for (const part of large) for (const p of part) cluster.leaves.set(p, lambda);
        cluster.children = large.map((part) => grow(part, lambda));
        return cluster;
      }
      now = large[0]!;
    }
  };
  const root = grow(
    x.map((_, i) => i),
    0,
  );
  const stability = ({ leaves, birth }: Cluster): number =>
    [...leaves.values()].reduce((sum, lambda) => sum + lambda - birth, 0);
  const choose = (cluster: Cluster): readonly [number, Cluster[]] => {
    const inner = cluster.children.map(choose);
    const mass = inner.reduce((sum, [m]) => sum + m, 0);
    if (method === "leaf") return inner.length > 0 ? [0, inner.flatMap(([, c]) => c)] : [0, [cluster]];
    const own = stability(cluster);
    return inner.length > 0 && (mass > own || cluster === root)
      ? [mass, inner.flatMap(([, c]) => c)]
      : [own, [cluster]];
  };
  const chosen = root.children.length > 0 ? choose(root)[1] : [];
  const labels = x.map(() => -1);
  chosen.forEach(({ points }, number) => points.forEach((p) => (labels[p] = number)));
  const tree: string[] = [];
  const write = (cluster: Cluster): void => {
    const left = [...cluster.leaves].filter(([p]) => !cluster.children.some(({ points }) => points.includes(p)));
    tree.push(`${cluster.points.join()}: ${left.sort((a, b) => a[0] - b[0]).map(([p, lambda]) => `${p} ${lambda.toPrecision(9)}`).join("; ")}`); // prettier-ignore
    cluster.children.forEach(write);
  };
  write(root);
  return { labels, tree: tree.sort() };
}
