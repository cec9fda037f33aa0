import { expect, test } from "vitest";
import { connectedComponents, minimumSpanningTree, shortestPaths } from "../../src/neighbours/graph";
import { SparseMatrix } from "../../src/sparse";
import { UnionFind } from "../../src/neighbours/union-find";
import { uniforms } from "../uniforms";

function randomEdges(n: number, count: number, seed: number) {
  const random = uniforms(seed);
  const pick = (): number => Math.floor(random() * n);
  return {
    from: Array.from({ length: count }, pick),
    to: Array.from({ length: count }, pick),
    weights: Array.from({ length: count }, () => Math.round(20 * random())),
  };
}

test.each([true, false])("shortest paths, directed %s: those of Floyd and Warshall", async (directed) => {
  const n = 40;
  const edges = randomEdges(n, 90, 3);
  const want = Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? 0 : Infinity));
  const shorten = (at: number, length: number): void => void (want[at] = Math.min(want[at]!, length));
  edges.weights.forEach((weight, e) => {
    shorten(edges.from[e]! * n + edges.to[e]!, weight);
    if (!directed) shorten(edges.to[e]! * n + edges.from[e]!, weight);
  });
  for (let k = 0; k < n; k++)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) shorten(i * n + j, want[i * n + k]! + want[k * n + j]!);
  expect([...(await shortestPaths(n, edges, { directed })).data]).toEqual(want);
  const some = await shortestPaths(n, edges, { directed, sources: [7, 2] });
  expect([...some.data]).toEqual([...want.slice(7 * n, 8 * n), ...want.slice(2 * n, 3 * n)]);
});

test("a spanning tree joins what is joined and weighs as Prim's", () => {
  const n = 50;
  const edges = randomEdges(n, 400, 5);
  const chosen = minimumSpanningTree(n, edges);
  const parts = connectedComponents(n, edges);
  expect(chosen.length).toBe(n - Math.max(...parts) - 1);
  expect(connectedComponents(n, { from: [...chosen].map((e) => edges.from[e]!), to: [...chosen].map((e) => edges.to[e]!) })).toEqual(parts); // prettier-ignore
  const inside = new Set<number>([edges.from[0]!]);
  let prim = 0;
  for (;;) {
    const leaving = edges.weights.flatMap((weight, e) => (inside.has(edges.from[e]!) !== inside.has(edges.to[e]!) ? [[weight, e] as const] : [])); // prettier-ignore
    if (leaving.length === 0) break;
    const [weight, e] = leaving.reduce((a, b) => (b[0] < a[0] ? b : a));
    prim += weight;
    inside.add(edges.from[e]!).add(edges.to[e]!);
  }
  const weigh = [...chosen].filter((e) => inside.has(edges.from[e]!)).reduce((sum, e) => sum + edges.weights[e]!, 0);
  expect(weigh).toBe(prim);
});

test("sets are numbered by their first members", () => {
  const sets = new UnionFind(6);
  expect([sets.union(4, 1), sets.union(1, 4), sets.union(5, 0), sets.count, sets.size(4)]).toEqual([true, false, true, 4, 2]); // prettier-ignore
  expect([...sets.labels()]).toEqual([0, 1, 2, 3, 1, 0]);
});

test("graphs that are none are refused", async () => {
  const one = (from: number, to: number, weight: number) => ({ from: [from], to: [to], weights: [weight] });
  await expect(shortestPaths(2, one(0, 2, 1))).rejects.toThrow("shortestPaths: nodes must be whole numbers from 0 to 1, got an edge from 0 to 2"); // prettier-ignore
  await expect(shortestPaths(2, one(0, 1, -1))).rejects.toThrow("weights must be finite and not negative, got -1");
  expect(() => minimumSpanningTree(2, { from: [0], to: [1], weights: [] })).toThrow(
    /two ends and a weight each, got 1, 1 and 0/,
  );
});

test("sparse matrices: entries in any order, doubled ones merged, products and transposes as of the dense one", () => {
  const entries = { rows: [2, 0, 2, 0, 2], columns: [1, 3, 0, 3, 1], values: [1, 2, 3, 4, 5] };
  const a = SparseMatrix.fromEntries([3, 4], entries);
  expect([...a.toDense()]).toEqual([0, 0, 0, 6, 0, 0, 0, 0, 3, 6, 0, 0]);
  expect([...SparseMatrix.fromEntries([3, 4], entries, Math.max).toDense()]).toEqual([
    0, 0, 0, 4, 0, 0, 0, 0, 3, 5, 0, 0,
  ]);
  expect([...a.transpose().toDense()]).toEqual([0, 0, 3, 0, 0, 6, 0, 0, 0, 6, 0, 0]);
  // the place of (j, i) for each stored (i, j), with and without one; products of one to four columns are those of the full matrix
  const pairs = { rows: [0, 0, 1, 2, 2, 2], columns: [1, 2, 0, 0, 1, 2], values: [1, 2, 3, 4, 5, 6] };
  const square = SparseMatrix.fromEntries([3, 3], pairs);
  expect([...square.mirrors()]).toEqual([2, 3, 0, 1, -1, 5]);
  for (const width of [1, 2, 3, 4]) {
    const x = Float64Array.from({ length: 3 * width }, (_, i) => i + 1);
    const out = new Float64Array(3 * width);
    square.multiply(x, width, out);
    const full = square.toDense();
    for (let i = 0; i < 3; i++)
      for (let c = 0; c < width; c++)
        expect(out[i * width + c]).toBe([0, 1, 2].reduce((sum, j) => sum + full[3 * i + j]! * x[j * width + c]!, 0));
  }
  expect([a.get(2, 1), a.get(1, 1), a.place(0, 0)]).toEqual([6, 0, -1]);
  const out = new Float64Array(6);
  a.multiply(Float64Array.from([1, 10, 2, 20, 3, 30, 4, 40]), 2, out);
  expect([...out]).toEqual([24, 240, 0, 0, 15, 150]);
  expect([...a.rowSums()]).toEqual([6, 0, 9]);
  expect(() => new SparseMatrix([1, 2], [0, 2], [1, 0], [1, 1])).toThrow(/columns must ascend/);
  expect(() => new SparseMatrix([1, 2], [0, 3], [0, 1], [1, 1])).toThrow(/indptr must lead from 0/);
});
