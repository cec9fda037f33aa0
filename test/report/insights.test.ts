// What reports show of a network: decoded items and centres, and how hard centres pull.
import { expect, test } from "vitest";
import { DEC, KMeans, NdArray } from "constella";
import { followedRows, loadMethod, runMethod } from "../../src/methods";
import type { RunCheckpoint, RunInterrupted } from "../../src/methods";
import { insightsOf, renderReport, toReport } from "../../src/report";
import type { FinishedRun } from "../../src/report";
import { describeDevices } from "../devices";
import { digits } from "../models/digits";

const OPTIONS = { layers: [64, 16, 3], nClusters: 4, layerEpochs: 0, pretrainEpochs: 2, nInit: 2, seed: 3 };

describeDevices("insights", (device) => {
  const { x } = digits(60);
  const images = new NdArray(x.data, [60, 8, 8]);

  test("DEC gives items and centres back, and tells how hard centres pull; k-means tells nothing", async () => {
    using model = await new DEC({ ...OPTIONS, device: await device() }).fit(x, { epochs: 2 });
    const { decoded, denoised, decodedCenters, pulls } = await insightsOf(model, images, 0);
    expect(decoded!.rows).toHaveLength(20);
    expect(decoded!.values.shape).toEqual([20, 64]);
    const row = decoded!.rows[3]!;
    const whole = await model.reconstruct(x);
    const given = decoded!.values.data.subarray(3 * 64, 4 * 64);
    given.forEach((value, at) => expect(value).toBeCloseTo(whole.data[row * 64 + at]!, 5));
    expect(denoised!.share).toBe(0.2);
    const zeros = denoised!.given.data.filter((value, i) => value === 0 && decoded!.given.data[i] !== 0).length;
    const all = decoded!.given.data.filter((value) => value !== 0).length;
    expect(zeros / all).toBeGreaterThan(0.1);
    expect(zeros / all).toBeLessThan(0.3);
    expect(denoised!.values.shape).toEqual([20, 64]);
    expect(decodedCenters!.shape).toEqual([4, 64]);
    expect(pulls!.q).toHaveLength(240);
    using kmeans = await new KMeans({ nClusters: 4, device: await device() }).fit(x);
    expect(await insightsOf(kmeans, images, 0)).toEqual({});
  });

  test("a run that is told to follows items along the clustering, to the same frames where it is stopped and goes on", async () => {
    const task = {
      ...{ x, data: { n: 60, itemShape: [64], bytes: false }, device: await device(), followed: followedRows(60) },
      options: { ...OPTIONS, tolerance: 0, updateInterval: 1, epochs: 9, learningRate: 0.5 },
    };
    const dec = await loadMethod("dec");
    const whole = await runMethod(dec, task);
    const { film } = whole.checkpoint.record;
    expect(film!.rows).toEqual(Array.from({ length: 60 }, (_, i) => i));
    expect(film!.stage).toBe("DEC");
    expect([film!.every, ...film!.frames.map(({ step }) => step)]).toEqual([2, 0, 2, 4, 6, 8, 9]);
    const codes = (await (whole.estimator as DEC).transform(x)).data;
    film!.frames.at(-1)!.values.forEach((value, i) => expect(value).toBeCloseTo(codes[i]!, 2));
    expect(film!.frames[0]!.values).not.toEqual(film!.frames.at(-1)!.values);
    await whole.estimator.dispose();

    const controller = new AbortController();
    let kept: RunCheckpoint | undefined;
    const stopped = runMethod(dec, {
      ...task,
      signal: controller.signal,
      onEpoch: ({ stage, epoch }) => {
        if (stage === "DEC" && epoch === 5) controller.abort(new Error("stopped"));
      },
    });
    await stopped.catch((error: unknown) => (kept = (error as RunInterrupted).checkpoint));
    expect(kept!.record.film!.frames.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5]);
    const resumed = await runMethod(dec, { ...task, checkpoint: kept });
    expect(resumed.checkpoint.record.film).toEqual(film);
    const run: FinishedRun = {
      ...{ title: "Digits", method: "DEC", labels: resumed.labels as Int32Array, nClusters: 4, trace: [] },
      ...{ items: images, measures: {}, stages: [], projections: [], device: "", seed: 0, seconds: 1, options: {} },
      ...{ versions: {}, history: resumed.history, film: film! },
    };
    const page = await renderReport(toReport(run));
    expect(page).toContain("Embedding over time");
    for (const name of ["at its beginning", "after 2 renewals", "after 9 renewals"])
      expect(page).toContain(`<b>${name}</b>`);
    expect(page.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|Infinity/);
    const frames = film!.frames.slice(0, 1);
    expect(await renderReport(toReport({ ...run, film: { ...film!, frames } }))).not.toContain("Embedding over time");
    await resumed.estimator.dispose();
  });

  test("gradients are those of the loss: 2 (1 + d²)⁻¹ |p − q| d for each item and centre", async () => {
    using model = await new DEC({ ...OPTIONS, device: await device() }).fit(x, { epochs: 2 });
    const { q, size } = await model.gradientSizes(x);
    const z = await model.transform(x);
    const centers = model.clusterCenters;
    const [n, k, d] = [60, 4, 3];
    const squares = Array.from({ length: n * k }, (_, at) => {
      const [i, j] = [Math.floor(at / k), at % k];
      return [0, 1, 2].reduce((sum, c) => sum + (z.data[i * d + c]! - centers.data[j * d + c]!) ** 2, 0);
    });
    const kernel = squares.map((square) => 1 / (1 + square));
    const share = (values: number[]): number[] =>
      values.map((value, at) => {
        const i = Math.floor(at / k);
        return value / values.slice(i * k, i * k + k).reduce((sum, one) => sum + one, 0);
      });
    const soft = share(kernel);
    const mass = Array.from({ length: k }, (_, j) => soft.reduce((sum, v, at) => sum + (at % k === j ? v : 0), 0));
    const target = share(soft.map((v, at) => (v * v) / mass[at % k]!));
    soft.forEach((v, at) => {
      expect(q.data[at]).toBeCloseTo(v, 4);
      const wanted = 2 * kernel[at]! * Math.abs(target[at]! - v) * Math.sqrt(squares[at]!);
      expect(size.data[at]).toBeCloseTo(wanted, 4);
    });
  });

  test("the report draws them", async () => {
    using model = await new DEC({ ...OPTIONS, device: await device() }).fit(x, { epochs: 2 });
    const run: FinishedRun = {
      ...{ title: "Digits", method: "DEC", labels: model.labels, nClusters: 4, history: model.history, trace: [] },
      ...{ items: images, measures: {}, stages: [], projections: [], device: "", seed: 0, seconds: 1, options: {} },
      ...{ versions: {}, embedding: await model.transform(x), q: await model.softAssignments(x) },
      ...(await insightsOf(model, images, 0)),
    };
    const page = await renderReport(toReport(run));
    expect(page).toContain("What the network gives back");
    expect(page).toMatch(/with 20[^<]*of\s+their\s+values\s+set\s+to\s+0/);
    expect(page.match(/member \d+, mended/g)).toHaveLength(40);
    expect(page.match(/centre of cluster \d, decoded/g)).toHaveLength(8); // each as a title, too
    expect(page).toContain("How hard centres pull");
    expect(page.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|Infinity/);
    const { decoded: _d, decodedCenters: _c, pulls: _p, ...plain } = run;
    expect(await renderReport(toReport(plain))).not.toContain("What the network gives back");
  });
});

test("stamps of many bands are drawn, each on a scale of its own, and what they show is said; names of axes are in the middle of them", async () => {
  const [n, bands, plane] = [6, 5, 64];
  const items = new NdArray(
    Float32Array.from({ length: n * bands * plane }, (_, i) => 10 ** Math.floor(i / (bands * plane)) * ((i % plane) + Math.floor(i / plane) % bands)),
    [n, bands, 8, 8],
  ); // prettier-ignore
  const index = Uint32Array.from({ length: n }, (_, i) => i);
  const run: FinishedRun = {
    ...{ title: "Stamps", method: "k-means", labels: Int32Array.of(0, 1, 0, 1, 0, 1), nClusters: 2, history: [] },
    ...{ trace: [], items, measures: {}, stages: [], device: "", seed: 0, seconds: 1, options: {}, versions: {} },
    projections: [
      { name: "PCA", xy: Float32Array.from({ length: 2 * n }, (_, i) => i), index, axes: ["PC 1", "PC 2"] },
    ],
  };
  const report = toReport(run);
  const { images } = report;
  expect([images!.channels, images!.height, images!.data.length]).toEqual([3, 8, n * plane * 3]);
  // by the darkest and the brightest of three bands: bands 4, 3 and 2
  expect([...images!.data.subarray(0, 3)]).toEqual([Math.floor((255 * Math.asinh(20 / 65)) / Math.asinh(10)), Math.floor((255 * Math.asinh(10 / 65)) / Math.asinh(10)), 0]); // prettier-ignore
  for (let i = 1; i < n; i++)
    images!.data.subarray(i * plane * 3, (i + 1) * plane * 3).forEach((value, at) => expect(Math.abs(value - images!.data[at]!)).toBeLessThanOrEqual(1)); // prettier-ignore
  const page = await renderReport(report);
  expect(page).toContain("Red, green and blue are bands 4, 3, 2 of 5, asinh of their values, each picture on a scale of its own."); // prettier-ignore
  expect(page).toMatch(/rotate\(-90\)[^>]*>PC 2</);
  expect(page).not.toMatch(/text-anchor="start"[^>]*><text[^>]*rotate/);
});
