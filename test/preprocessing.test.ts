// Scales, missing values, parts and pipelines: numbers are scikit-learn's.
import { KMeans, PCA } from "constella";
import { Imputer, MinMaxScaler, Pipeline, RobustScaler, StandardScaler, trainTestSplit } from "constella/preprocessing";
import { describe, expect, test } from "vitest";
import { runAtOnce } from "../src/event-loop";
import { sorted } from "../src/preprocessing/columns";
import { Random } from "../src/random";
import { deviceOf } from "./devices";

/** A Unix time, a constant, and a column of small numbers. */
const X = [
  [1.7e9, 2, 5],
  [1.7e9 + 60, 2, -3],
  [1.7e9 + 240, 2, 0.5],
  [1.7e9 + 300, 2, 12],
];

describe("scalers", () => {
  test.each([
    [
      "StandardScaler",
      new StandardScaler(),
      [-1.212678125181665, 0, 0.24529384442821014, -0.7276068751089989, 0, -1.1818703413359217],
    ],
    ["MinMaxScaler", new MinMaxScaler({ featureRange: [-1, 1] }), [-1, -1, 0.06666666666666665, -0.6, -1, -1]],
    [
      "RobustScaler",
      new RobustScaler(),
      [-0.7142857142857143, 0, 0.3157894736842105, -0.42857142857142855, 0, -0.8070175438596491],
    ],
    [
      "RobustScaler, other quantiles",
      new RobustScaler({ quantileRange: [10, 90] }),
      [-0.5681818181818182, 0, 0.18987341772151897, -0.3409090909090909, 0, -0.4852320675105485],
    ],
  ] as const)(
    "%s has scikit-learn's numbers, gives the data back, and goes on from its own in JSON",
    async (_, scaler, expected) => {
      await expect(scaler.transform(X)).rejects.toThrow(/: call fit first$/);
      const z = await scaler.fitTransform(X);
      expect(z.data).toBeInstanceOf(Float64Array);
      expected.forEach((value, i) => expect(z.data[i]).toBeCloseTo(value, 12));
      const back = await scaler.inverseTransform(z);
      X.flat().forEach((value, i) => expect(back.data[i]).toBeCloseTo(value, 6));
      const other = new StandardScaler().restore(JSON.parse(JSON.stringify(scaler.scaling)) as typeof scaler.scaling);
      expect((await other.transform(X)).data).toEqual(z.data);
    },
  );

  test("magnitudes from 1e-300 to 1e300 keep their digits", async () => {
    for (const size of [1e-300, 1e-30, 1e30, 1e150]) {
      const { data } = await new StandardScaler().fitTransform([[size], [2 * size], [4 * size]]);
      for (const [i, value] of [-1.0690449676496976, -0.2672612419124244, 1.3363062095621219].entries())
        expect(data[i]).toBeCloseTo(value, 12);
    }
  });

  test("values are sorted in pieces as the engine sorts them", () => {
    const random = new Random(3);
    for (const n of [1, 2, 16384, 16385, 70001]) {
      const values = Float64Array.from({ length: n }, () => Math.floor(random.uniform() * 1000) - 500);
      const expected = Float64Array.from(values).sort();
      expect(runAtOnce(sorted(values))).toEqual(expected);
    }
  });

  test("bad input is one clear line", async () => {
    const scaler = await new StandardScaler().fit(X);
    await expect(scaler.fit([[1, NaN]])).rejects.toThrow(
      "StandardScaler.fit: x must be finite, got NaN at row 0, column 1",
    );
    await expect(scaler.transform([[1, 2]])).rejects.toThrow("StandardScaler.transform: x must have 3 columns, got 2");
    await expect(scaler.fit([])).rejects.toThrow(/^StandardScaler\.fit: x must /);
    expect(() => new MinMaxScaler({ featureRange: [1, 1] })).toThrow(
      "MinMaxScaler: featureRange must be two numbers, the first below the second, got [1,1]",
    );
    expect(() => scaler.restore({ center: [0], scale: [0], shift: 0 })).toThrow(
      /^StandardScaler\.restore: scaling must have/,
    );
  });
});

describe("Imputer", () => {
  const Y = [
    [1, NaN],
    [3, 7],
    [NaN, 7],
    [3, 1],
    [8, 1],
  ];
  test.each([
    ["mean", [3.75, 4]],
    ["median", [3, 4]],
    ["mostFrequent", [3, 1]],
    ["constant", [-1, -1]],
  ] as const)("%s", async (strategy, expected) => {
    const imputer = new Imputer({ strategy, fillValue: -1 });
    const filled = await imputer.fitTransform(Y);
    expect(imputer.statistics).toEqual(expected);
    expect([filled.data[1], filled.data[4]]).toEqual([expected[1], expected[0]]);
    expect(filled.data[0]).toBe(1);
  });

  test("refuses infinity, and a column without any value", async () => {
    await expect(new Imputer().fit([[Infinity]])).rejects.toThrow(
      "Imputer.fit: x must be finite, got Infinity at row 0",
    );
    await expect(new Imputer().fit([[1, NaN]])).rejects.toThrow(
      "Imputer.fit: every column must have a value, got none in column 1; leave it out, or constant",
    );
  });
});

describe("trainTestSplit", () => {
  const rows = Array.from({ length: 103 }, (_, i) => [i, -i]);
  const classes = rows.map((_, i) => (i < 60 ? 0 : i < 93 ? 1 : 2));

  test("every row is in one part, with its label, and a seed gives the same parts", () => {
    const parts = trainTestSplit(rows, classes, { testSize: 0.3, seed: 5 });
    expect(parts.test).toHaveLength(31);
    expect([...parts.train, ...parts.test].sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    parts.test.forEach((row, i) => {
      expect([parts.xTest.get(i, 0), parts.yTest![i]]).toEqual([row, classes[row]]);
    });
    expect(trainTestSplit(rows, classes, { testSize: 0.3, seed: 5 }).test).toEqual(parts.test);
    expect(trainTestSplit(rows, classes, { testSize: 0.3, seed: 6 }).test).not.toEqual(parts.test);
    expect(trainTestSplit(rows, null, { testSize: 3, shuffle: false }).test).toEqual(Uint32Array.of(100, 101, 102));
  });

  test("by classes, each gives its share", () => {
    const { yTest } = trainTestSplit(rows, classes, { testSize: 20, stratify: classes });
    const counts = [0, 1, 2].map((label) => yTest!.filter((found) => found === label).length);
    expect(counts).toEqual([12, 6, 2]); // of 11.65, 6.41 and 1.94
  });

  test("bad input is one clear line", () => {
    expect(() => trainTestSplit([[1]], null)).toThrow(
      "trainTestSplit: both parts must have rows, got 1 rows and testSize 0.25",
    );
    expect(() => trainTestSplit(rows, [1])).toThrow(
      "trainTestSplit: y must have 103 labels, one for each row of x, got 1",
    );
    expect(() => trainTestSplit(rows, null, { testSize: 1.5 })).toThrow(
      "trainTestSplit: testSize must be a share in (0, 1) or a whole number from 1, got 1.5",
    );
    expect(() => trainTestSplit(rows, null, { stratify: rows.map((_, i) => Number(i === 0)) })).toThrow(
      "trainTestSplit: every class of stratify must have two rows, got one of 1",
    );
  });
});

test("a pipeline is its steps one after the other, on new data as on old", async () => {
  const random = new Random(1);
  const x = Array.from({ length: 90 }, (_, i) => [
    1.7e9 + 1000 * (i % 3) + random.normal(),
    random.normal(),
    1e6 * random.normal(),
  ]);
  const device = await deviceOf("wasm");
  const pipeline = new Pipeline([
    ["scale", new StandardScaler()],
    ["pca", new PCA({ nComponents: 2, device })],
    ["kmeans", new KMeans({ nClusters: 3, seed: 0, device })],
  ]);
  await pipeline.fit(x, { kmeans: { signal: new AbortController().signal } });
  const labels: Int32Array = await pipeline.predict(x);
  expect(labels).toEqual(pipeline.step("kmeans").labels);
  const scaled = await pipeline.step("scale").transform(x);
  const projected = await pipeline.step("pca").transform(scaled);
  expect(await pipeline.step("kmeans").predict(projected)).toEqual(labels);
  await expect(pipeline.softAssignments(x)).rejects.toThrow(
    "Pipeline.softAssignments: the last step must have softAssignments, kmeans has none",
  );
  // @ts-expect-error a step that there is not
  await expect(pipeline.fit(x, { means: {} })).rejects.toThrow(
    "Pipeline.step: name must be one of scale, pca, kmeans, got means",
  );
  expect(() => new Pipeline([["a", {} as KMeans]])).toThrow("Pipeline: step a must have fit, got {}");
  await pipeline.dispose();
});
