import { Random } from "constella";
import type { SetBatch, SetPart } from "constella/sets";
import { ClassSets, GivenSets, SimilarityGraphSets } from "../../../src/data";
import { describe, expect, test } from "vitest";

/** Items [n, 2] that hold their class and their place. */
const marked = (labels: readonly number[]) => labels.map((label, i) => [label, i]);

/** `classes` classes of `each` examples. */
const classes = (count: number, each: number): number[] =>
  Array.from({ length: count * each }, (_, i) => Math.floor(i / each));

/** The sets of a batch: items, and the cluster of each. */
function setsOf({ items, labels, counts }: SetBatch): { rows: number[][]; clusters: number[]; count: number }[] {
  const [batch, length, ...shape] = items.shape as [number, number, ...number[]];
  const size = shape.reduce((a, b) => a * b, 1);
  return Array.from({ length: batch }, (_, b) => ({
    rows: Array.from({ length }, (_, i) => [
      ...items.data.subarray((b * length + i) * size, (b * length + i + 1) * size),
    ]),
    clusters: [...labels.subarray(b * length, (b + 1) * length)],
    count: counts[b]!,
  }));
}

/** Clusters 0 … count − 1, each with `minimum` members or more; items agree on what is first in them exactly within clusters. */
function expectClustered(batch: SetBatch, minimum: number): void {
  for (const { rows, clusters, count } of setsOf(batch)) {
    const sizes = new Array<number>(count).fill(0);
    const names = new Map<number, number>();
    rows.forEach(([label], i) => {
      sizes[clusters[i]!]!++;
      expect(names.get(label!) ?? clusters[i]).toBe(clusters[i]);
      names.set(label!, clusters[i]!);
    });
    expect(new Set(names.values()).size).toBe(names.size);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(minimum);
  }
}

describe("ClassSets", () => {
  const labels = classes(20, 8);
  const sets = new ClassSets(marked(labels), labels, { shares: [0.5, 0.25, 0.25], kMax: 4, seed: 3 });

  test("classes are split without overlap, the same way for a seed", () => {
    const { train, validation, test } = sets.classes;
    expect([train.length, validation.length, test.length]).toEqual([10, 5, 5]);
    expect(new Set([...train, ...validation, ...test]).size).toBe(20);
    const again = new ClassSets(marked(labels), labels, { shares: [0.5, 0.25, 0.25], kMax: 4, seed: 3 });
    expect(again.classes).toEqual(sets.classes);
    const other = new ClassSets(marked(labels), labels, { shares: [0.5, 0.25, 0.25], kMax: 4, seed: 4 });
    expect(other.classes).not.toEqual(sets.classes);
  });

  test.each<SetPart>(["train", "validation", "test"])("sets of %s: members, counts, parts", (part) => {
    const batch = sets.sample(part, 400, 12, new Random(1));
    expect(batch.items.shape).toEqual([400, 12, 2]);
    expectClustered(batch, 2);
    const own = new Set(sets.classes[part]);
    for (let i = 0; i < batch.items.data.length; i += 2) expect(own.has(batch.items.data[i]!)).toBe(true);
    for (let k = 1; k <= 4; k++) {
      const share = batch.counts.filter((count) => count === k).length / 400;
      expect(share).toBeGreaterThan(0.18);
      expect(share).toBeLessThan(0.32);
    }
  });

  test("the same random numbers give the same sets, and places and clusters are shuffled", () => {
    const one = sets.sample("train", 50, 12, new Random(5));
    expect(sets.sample("train", 50, 12, new Random(5))).toEqual(one);
    expect(sets.sample("train", 50, 12, new Random(6))).not.toEqual(one);
    const first = setsOf(one).filter(({ count }) => count === 4);
    expect(new Set(first.map(({ clusters }) => clusters[0])).size).toBe(4);
  });

  test("without replacement no example is twice in a set, with it some are", () => {
    const repeated = (batch: SetBatch): number =>
      setsOf(batch).filter(({ rows }) => new Set(rows.map(([, place]) => place)).size < rows.length).length;
    expect(repeated(sets.sample("train", 100, 8, new Random(1)))).toBeGreaterThan(50);
    const unique = new ClassSets(marked(labels), labels, { replacement: false, kMax: 4, shares: [0.5, 0.25, 0.25] });
    const batch = unique.sample("train", 100, 8, new Random(1));
    expect(repeated(batch)).toBe(0);
    expectClustered(batch, 2);
    expect(() => unique.sample("train", 1, 9, new Random(1))).toThrow(
      "ClassSets: without replacement, 1 classes of train must hold 9 examples, the smallest hold 8; allow replacement or raise kMin",
    );
    const two = new ClassSets(marked(labels), labels, {
      replacement: false,
      kMin: 2,
      kMax: 4,
      shares: [0.5, 0.25, 0.25],
    });
    expect(two.sample("train", 30, 16, new Random(1)).counts.every((count) => count >= 2)).toBe(true);
  });

  test("bytes become floats by factor and term; training items are mirrored now and then", () => {
    const images = { data: Uint8Array.from({ length: 12 * 4 }, (_, i) => i % 4), shape: [12, 2, 2] };
    const given = { train: [0, 1], validation: [2, 3], test: [4, 5] };
    const mirrored = new ClassSets(images, classes(6, 2), { classes: given, kMax: 2, affine: [2, -1], mirror: true });
    const pictures = (part: SetPart): Set<string> =>
      new Set(setsOf(mirrored.sample(part, 20, 4, new Random(2))).flatMap(({ rows }) => rows.map(String)));
    expect(pictures("train")).toEqual(new Set(["-1,1,3,5", "1,-1,5,3"]));
    expect(pictures("test")).toEqual(new Set(["-1,1,3,5"]));
  });

  test("windows of recordings lie within the steps that each has", () => {
    const data = Float32Array.from({ length: 6 * 2 * 10 }, (_, i) => i % 10);
    const steps = [10, 5, 6, 7, 10, 5];
    const recordings = new ClassSets({ data, shape: [6, 2, 10] }, [0, 1, 2, 3, 4, 5], {
      classes: { train: [0, 1, 2], validation: [3], test: [4, 5] },
      kMax: 1,
      window: 4,
      steps,
    });
    expect(recordings.itemShape).toEqual([2, 4]);
    const starts = new Set<number>();
    for (const { rows } of setsOf(recordings.sample("train", 60, 5, new Random(1))))
      for (const row of rows) {
        expect(row).toEqual([0, 1, 2, 3, 0, 1, 2, 3].map((t) => t + row[0]!));
        starts.add(row[0]!);
      }
    expect([...starts].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("what cannot be sampled is one clear line", () => {
    const items = marked(labels);
    const make =
      (options: ConstructorParameters<typeof ClassSets>[2], y: readonly number[] = labels) =>
      () =>
        new ClassSets(items, y, options);
    expect(make({}, [99, ...labels.slice(1)])).toThrow(/class 99 of \w+ has 1$/);
    expect(make({}, labels.slice(1))).toThrow("ClassSets: each item needs a label, got 159 labels for 160 items");
    expect(make({ kMax: 17 })).toThrow("ClassSets: train must have 17 classes or more to make 17 clusters of, got 16");
    expect(make({ kMax: 3 })).toThrow("ClassSets: validation must have 3 classes or more to make 3 clusters of, got 2");
    expect(make({ classes: { train: [0, 1], test: [1, 2] }, kMax: 2 })).toThrow(
      "ClassSets: no class may be in two parts, got 1 in train and test",
    );
    expect(make({ classes: { train: [0, 44] }, kMax: 2 })).toThrow("ClassSets: class 44 of train has no example");
    expect(make({ shares: [0.5, 0.2, 0.2] })).toThrow("must add up to 1, got [0.5, 0.2, 0.2]");
    expect(make({ kMin: 3, kMax: 2 })).toThrow("ClassSets: kMax must be a whole number from 3, got 2");
    expect(make({ kMax: 2, window: 3 })).toThrow("window must be a whole number from 1 to 2");
    expect(
      () =>
        new ClassSets(
          [
            [1, 2],
            [3, NaN],
          ],
          [0, 0],
        ),
    ).toThrow("ClassSets: items must be finite, got NaN in item 1 of 2");
    expect(() => new ClassSets([1, 2], [0, 0])).toThrow("got shape [2]");
    expect(() => sets.sample("train", 1, 7, new Random(0))).toThrow(
      "ClassSets: sets of 4 clusters of 2 or more need 8 items, got 7",
    );
    const none = new ClassSets(items, labels, { classes: { train: [0, 1] }, kMax: 2 });
    expect(() => none.sample("test", 1, 8, new Random(0))).toThrow("ClassSets: test has no classes");
  });
});

describe("GivenSets", () => {
  const clustering = (shift: number, count: number) => {
    const labels = classes(count, 6).map((label) => label + shift);
    return { items: marked(labels), labels };
  };
  const sets = new GivenSets({ train: [clustering(0, 3), clustering(10, 2)], test: [clustering(20, 4)] });

  test("samples are the given clusterings in random order, numbered anew", () => {
    expect([sets.kMax, sets.itemShape]).toEqual([4, [2]]);
    const batch = sets.sample("train", 40, 12, new Random(1));
    expectClustered(batch, 1);
    const origins = setsOf(batch).map(({ rows }) => new Set(rows.map(([label]) => label! >= 10)));
    expect(origins.every(({ size }) => size === 1)).toBe(true);
    expect(new Set(origins.map((origin) => [...origin][0])).size).toBe(2);
    for (const { rows, count } of setsOf(batch)) {
      expect(new Set(rows.map(([, place]) => place)).size).toBe(12);
      expect(new Set(rows.map(([label]) => label)).size).toBe(count);
    }
    expect(setsOf(sets.sample("train", 5, 18, new Random(1))).every(({ count }) => count === 3)).toBe(true);
  });

  test("a clustering that does not fit is one clear line", () => {
    expect(() => new GivenSets({ train: [clustering(0, 3)] }, { kMax: 2 })).toThrow(
      "GivenSets: clustering 0 of train: it must have at most kMax = 2 clusters, got 3",
    );
    expect(() => new GivenSets({})).toThrow("GivenSets: there must be a clustering in train, validation, test");
    expect(() => new GivenSets({ train: [clustering(0, 1), { items: [[1], [2]], labels: [0, 0] }] })).toThrow(
      "items must have one shape, got [1] and before [2]",
    );
    expect(() => new GivenSets({ train: [{ items: [[NaN]], labels: [0] }] })).toThrow("items must be finite, got NaN");
    expect(() => new GivenSets({ train: [{ items: [[1]], labels: [0, 1] }] })).toThrow("2 labels for 1 items");
    expect(() => sets.sample("validation", 1, 6, new Random(1))).toThrow(
      "GivenSets: validation has no clustering of 6 items or more among its 0",
    );
  });
});

describe("SimilarityGraphSets", () => {
  const labels = classes(30, 5);
  const chain = labels.flatMap((label, i): [number, number][] => (labels[i + 1] === label ? [[i, i + 1]] : []));

  test("groups are connected components, each in one part", () => {
    const sets = new SimilarityGraphSets(marked(labels), chain, { kMax: 3 });
    const seen = (["train", "validation", "test"] as const).map((part) => {
      const batch = sets.sample(part, 200, 10, new Random(1));
      expectClustered(batch, 2);
      expect(new Set(batch.counts)).toEqual(new Set([1, 2, 3]));
      return new Set(setsOf(batch).flatMap(({ rows }) => rows.map(([label]) => label)));
    });
    expect(seen.map(({ size }) => size)).toEqual([24, 3, 3]);
    expect(new Set(seen.flatMap((part) => [...part])).size).toBe(30);
  });

  test("where differences are known, only groups that differ meet, and subgraphs stay whole", () => {
    // groups 3i, 3i + 1, 3i + 2 are one subgraph: the first differs from both others, of which nothing is known
    const cannotLink = Array.from({ length: 10 }, (_, i): [number, number][] => [
      [15 * i, 15 * i + 5],
      [15 * i + 2, 15 * i + 10],
    ]).flat();
    const sets = new SimilarityGraphSets(marked(labels), chain, { cannotLink, kMax: 3 });
    const subgraphs = (["train", "validation", "test"] as const).map((part) => {
      const found = new Set<number>();
      for (const { rows, count } of setsOf(sets.sample(part, 200, 10, new Random(2)))) {
        const groups = [...new Set(rows.map(([label]) => label!))];
        expect(groups.length).toBe(count);
        expect(new Set(groups.map((group) => Math.floor(group / 3))).size).toBe(1);
        expect(count).toBeLessThanOrEqual(2);
        if (count === 2) expect(groups.some((group) => group % 3 === 0)).toBe(true);
        found.add(Math.floor(groups[0]! / 3));
      }
      return found;
    });
    expect(subgraphs.map(({ size }) => size)).toEqual([8, 1, 1]);
  });

  test("where links are not transitive, a chain of 100 items makes sets: clusters of linked pairs, no link between two", () => {
    const items = Array.from({ length: 100 }, (_, i) => [i, i]);
    const links = Array.from({ length: 99 }, (_, i): [number, number] => [i, i + 1]);
    expect(() => new SimilarityGraphSets(items, links)).toThrow(
      "SimilarityGraphSets: the must-links connect all items into 1, too few for the parts; where links are not transitive, give transitive: false",
    );
    const sets = new SimilarityGraphSets(items, links, { transitive: false });
    const parts = (["train", "validation", "test"] as const).map((part) => {
      const batch = sets.sample(part, 200, 20, new Random(1));
      const most = part === "train" ? 5 : 3; // ten items of a chain have no more than three pairs that are apart, at the least
      expect(Math.max(...batch.counts)).toBeGreaterThanOrEqual(most);
      const seen = new Set<number>();
      for (const { rows, clusters, count } of setsOf(batch)) {
        const members = Array.from({ length: count }, (_, c) => [
          ...new Set(rows.filter((_, i) => clusters[i] === c).map(([item]) => item!)),
        ]);
        members.forEach((own, c) => {
          // an item may be drawn twice, and the one it is linked with not at all
          if (own.length > 1) expect(own.map((item) => item - Math.min(...own)).sort()).toEqual([0, 1]);
          for (const other of members.slice(c + 1).flat())
            for (const item of own) expect(Math.abs(item - other)).toBeGreaterThan(1);
        });
        for (const [item] of rows) seen.add(item!);
      }
      return seen;
    });
    expect(parts.map(({ size }) => size)).toEqual([80, 10, 10]);
    expect(new Set(parts.flatMap((part) => [...part])).size).toBe(100);
    expect(sets.sampleLabels("train", 20, 20, new Random(3))).toEqual(
      sets.sample("train", 20, 20, new Random(3)).labels,
    );
  });

  test("links that are not transitive: cliques, whole subgraphs where there are enough, differences that are known, contradictions", () => {
    const clique = (of: number): [number, number][] => [
      [4 * of, 4 * of + 1],
      [4 * of, 4 * of + 2],
      [4 * of + 1, 4 * of + 2],
      [4 * of + 2, 4 * of + 3],
    ];
    const of = Array.from({ length: 80 }, (_, i) => Math.floor(i / 4));
    const links = Array.from({ length: 20 }, (_, i) => clique(i)).flat();
    const sets = new SimilarityGraphSets(marked(of), links, { transitive: false, kMax: 3 });
    for (const part of ["train", "test"] as const)
      for (const { rows, clusters, count } of setsOf(sets.sample(part, 100, 12, new Random(4))))
        for (let c = 0; c < count; c++) {
          const own = [...new Set(rows.filter((_, i) => clusters[i] === c).map(([, place]) => place! % 4))].sort();
          // the triangle, or the item that hangs on it with the one it hangs on
          expect(own.includes(3) && (own.includes(0) || own.includes(1))).toBe(false);
        }
    const make = (cannotLink: [number, number][]) => () =>
      new SimilarityGraphSets(marked(of), links, { transitive: false, cannotLink, kMax: 2 });
    expect(make([[0, 1]])).toThrow("SimilarityGraphSets: items 0 and 1 must and must not be linked");
    // 0 and 3 are connected, and known to differ: no contradiction where links are not transitive
    const known = make([
      [0, 3],
      [1, 3],
      [2, 4],
      [3, 4],
    ])();
    for (const { clusters } of setsOf(known.sample("train", 20, 8, new Random(1))))
      expect(new Set(clusters).size).toBeLessThan(3);
    const scarce = new SimilarityGraphSets(marked(of), links, { transitive: false, kMax: 2, replacement: false });
    expect(() => scarce.sample("train", 1, 40, new Random(1))).toThrow(
      "the clusters of train must hold 40 items, those drawn hold",
    );
  });

  test("a graph that contradicts itself is one clear line", () => {
    const items = marked(labels);
    const make =
      (links: typeof chain, options: ConstructorParameters<typeof SimilarityGraphSets>[2] = {}) =>
      () =>
        new SimilarityGraphSets(items, links, options);
    expect(make(chain, { cannotLink: [[0, 4]] })).toThrow(
      "SimilarityGraphSets: items 0 and 4 must not be linked, but must-links connect them",
    );
    expect(make([[0, 150]])).toThrow("SimilarityGraphSets: links must name items from 0 to 149, got [0, 150]");
    expect(make([])).toThrow("SimilarityGraphSets: something must be left to train on, got 0 for three parts");
    const scarce = new SimilarityGraphSets(items, chain, { replacement: false, kMax: 2 });
    expect(scarce.sample("train", 20, 5, new Random(1)).labels.length).toBe(100);
    expect(() => scarce.sample("train", 1, 6, new Random(1))).toThrow("every group of train must hold 6 items");
    expect(() => scarce.sample("train", 1, 3, new Random(1))).toThrow("need 4 items, got 3");
  });
});

describe("labels without items", () => {
  const labels = classes(8, 6);
  const links = labels.flatMap((label, i) => (labels[i + 1] === label ? [[i, i + 1] as const] : []));

  test.each([
    ["ClassSets", new ClassSets(marked(labels), labels, { kMax: 3, shares: [1, 0, 0] })],
    ["SimilarityGraphSets", new SimilarityGraphSets(marked(labels), links, { kMax: 3, shares: [1, 0, 0] })],
  ])("%s: those of the sets that the same numbers would draw", (_, sets) => {
    const drawn = sets.sampleLabels("train", 20, 12, new Random(3));
    expect(drawn).toEqual(sets.sample("train", 20, 12, new Random(3)).labels);
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]));
    expect(() => sets.sampleLabels("test", 1, 12, new Random(3))).toThrow("test has no ");
  });
});
