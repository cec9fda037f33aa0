// What every method of the index must keep, on both devices; a method that is added is tried without a line here.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Device, NdArray } from "constella";
import { runMethod, RunInterrupted } from "../../src/methods";
import type { EstimatorFitOptions } from "../../src/methods/method";
import { optionsOf, splitOptions } from "../../src/methods/schema";
import type { OptionValues } from "../../src/methods/schema";
import type { AnyMethod, Estimator, Outcome, RunCheckpoint, RunTask } from "../../src/methods";
import type { StepReport } from "../../src/lifecycle/progress";
import { describeDevices } from "../devices";
import { changed, K, N, taskOf, trialOf } from "./trial";
import type { Trial } from "./trial";

/** Items of the trial that has as many clusters. */
const FEW = 8;

/** What a run comes to, as numbers that must be the same again. */
interface Numbers {
  readonly labels: unknown;
  readonly embedding: unknown;
  readonly model: Buffer;
}

const numbersOf = ({ labels, embedding, checkpoint }: Outcome): Numbers => ({
  labels: labels instanceof Int32Array ? [...labels] : labels && "shape" in labels ? [...labels.data] : labels,
  embedding: embedding && [...embedding.data],
  model: Buffer.from(checkpoint.model!),
});

/** Describes the suite for methods, on both devices. */
export function describeConformance(title: string, methods: readonly AnyMethod[]): void {
  describeDevices(title, (deviceOf, type) => {
    let device: Device;
    let before: number;

    beforeEach(async () => {
      device = await deviceOf();
      before = device.memory().buffers;
    });
    afterEach(() => {
      expect(device.memory().buffers, "buffers on the device, of a test that has ended").toBe(before);
    });

    /** Runs a trial and disposes of the estimator when `use` is done. */
    async function run<R>(
      method: AnyMethod,
      trial: Trial,
      use: (outcome: Outcome) => R | Promise<R>,
      more: Partial<RunTask> = {},
    ): Promise<R> {
      const outcome = await runMethod(method, taskOf(trial, device, more));
      try {
        return await use(outcome);
      } finally {
        await outcome.estimator.dispose();
      }
    }

    /** The one line that a run is refused with. */
    async function refusal(method: AnyMethod, trial: Trial): Promise<string> {
      const error = await run(method, trial, () => undefined).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(Error);
      expectWords(error as Error);
      return (error as Error).message;
    }

    /** @throws unless the error is the library's own: one line, and none of JavaScript's */
    function expectWords(error: Error): void {
      expect(error, error.stack).not.toBeInstanceOf(TypeError);
      expect(error, error.stack).not.toBeInstanceOf(RangeError);
      expect(error.message).not.toMatch(/\n|undefined/);
    }

    /** Runs where a method may either do it or refuse it in words. */
    async function doneOrRefused(method: AnyMethod, trial: Trial): Promise<void> {
      try {
        await run(method, trial, ({ labels, embedding, history }) => {
          if (labels instanceof Int32Array) expect(labels).toHaveLength(trial.x.shape[0]!);
          else if (labels && "shape" in labels) expect(labels.shape).toEqual(trial.x.shape.slice(1)); // of a cube
          if (embedding) expect(embedding.data.findIndex((value) => !Number.isFinite(value))).toBe(-1);
          expect(history.filter(({ loss }) => !Number.isFinite(loss))).toEqual([]);
        });
      } catch (error) {
        expectWords(error as Error);
        expect(error).not.toHaveProperty("matcherResult");
      }
    }

    describe.each(methods.map((method) => [method.name, method] as const))("%s", (_, method) => {
      const trial = trialOf(method);
      /** A run that nothing disturbed, and where it stood at each report. */
      let undisturbed: Promise<{ readonly whole: Numbers; readonly reports: readonly StepReport[] }> | undefined;
      const wholeRun = (): NonNullable<typeof undisturbed> =>
        (undisturbed ??= (async () => {
          const reports: StepReport[] = [];
          return { whole: await run(method, trial, numbersOf, { onStep: (report) => reports.push(report) }), reports };
        })());
      test("one seed gives the same bytes, a network another of another seed, and it finds something", async () => {
        const { whole } = await wholeRun();
        expect(await run(method, trial, numbersOf)).toEqual(whole);
        if (Array.isArray(whole.labels)) expect(new Set(whole.labels).size).toBeGreaterThan(1);
        if (!method.network) return;
        const other = await run(method, { ...trial, options: { ...trial.options, seed: 2 } }, numbersOf);
        expect(other.embedding).not.toEqual(whole.embedding);
      });

      test("stopped in any of its stages and resumed, it ends as one that was not", async () => {
        const { whole, reports } = await wholeRun();
        const stages = [...new Set(reports.map(({ stage }) => stage))];
        const end = reports.at(-1)!;
        const isAtTheEnd = ({ stage, epoch }: StepReport): boolean => stage === end.stage && epoch === end.epoch;
        /** Where it is stopped: before it begins, in each stage, and in a second epoch. */
        const stops: readonly ((report: StepReport) => boolean)[] = [
          () => false,
          ...stages.map((stage) => (report: StepReport) => report.stage === stage),
          ...(end.epoch > 2 ? [({ stage, epoch }: StepReport) => stage === end.stage && epoch > 1] : []),
        ];
        for (const [i, stop] of stops.entries()) {
          const controller = new AbortController();
          let stoppedAt: StepReport | undefined;
          if (i === 0) controller.abort(new Error("stopped"));
          const onStep = (report: StepReport): void => {
            if (controller.signal.aborted || !stop(report)) return;
            stoppedAt = report;
            controller.abort(new Error("stopped"));
          };
          let checkpoint: RunCheckpoint | undefined;
          try {
            expect(await run(method, trial, numbersOf, { signal: controller.signal, onStep })).toEqual(whole);
          } catch (error) {
            expect(error).toBeInstanceOf(RunInterrupted);
            ({ checkpoint } = error as RunInterrupted);
          }
          // one that is told to stop in its last epoch may be done before it looks
          if (!stoppedAt || !isAtTheEnd(stoppedAt))
            expect(checkpoint, `of a stop at ${JSON.stringify(stoppedAt)}`).toBeDefined();
          expect(device.memory().buffers, `after a stop at ${JSON.stringify(stoppedAt)}`).toBe(before);
          if (checkpoint)
            expect(await run(method, { ...trial, options: {} }, numbersOf, { checkpoint })).toEqual(whole);
        }
      });

      test("what was kept along the way goes on to the same end", async () => {
        const { whole } = await wholeRun();
        const kept: RunCheckpoint[] = [];
        let [hours, reports] = [0, 0];
        const now = performance.now.bind(performance);
        // every third report an hour has passed: a checkpoint is due at the next, and is taken before the one after
        const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + 3_600_000 * hours);
        const onStep = (): void => void (hours += Number(++reports % 3 === 0));
        try {
          await run(method, trial, numbersOf, { onStep, keep: async (checkpoint) => void kept.push(checkpoint) });
        } finally {
          clock.mockRestore();
        }
        // the first, the last, and between them some of any moment; fewer where a run takes seconds
        const thirds = type === "wasm" ? [0, 1, 2, 3] : [1, 3];
        const some = thirds.map((third) => kept[Math.round((third / 3) * (kept.length - 1))]!);
        for (const checkpoint of new Set(some))
          expect(await run(method, { ...trial, options: {} }, numbersOf, { checkpoint })).toEqual(whole);
      });

      test("saved and loaded, it predicts the same of other items, and refuses items of another width", async () => {
        if (!method.load) return expect(method.clusters, "a method that cannot be loaded").toBe("found");
        await run(method, trial, async ({ estimator }) => {
          const loaded = await method.load!(await estimator.save(), { device });
          try {
            expect(Buffer.from(await loaded.save()).equals(Buffer.from(await estimator.save()))).toBe(true);
            expect(loaded.settings).toEqual(estimator.settings);
            expect(loaded.history).toEqual(estimator.history);
            const ask = async (of: Estimator): Promise<unknown[]> => [
              "labels" in of && of.labels,
              await of.predict?.(trial.others),
              (await of.transform?.(trial.others))?.data,
              (await of.softAssignments?.(trial.others))?.data,
              await of.scoreSamples?.(trial.others),
            ];
            expect(await ask(loaded)).toEqual(await ask(estimator));
            const narrow = { data: new Float32Array(10), shape: [5, 2] };
            const asked = [loaded.predict?.(narrow), loaded.transform?.(narrow), loaded.softAssignments?.(narrow)];
            const answers = asked.map((answer) =>
              answer?.then(
                () => new Error("undefined: items of another width were taken"),
                (error: Error) => error,
              ),
            );
            for (const answer of answers) if (answer) expectWords(await answer);
          } finally {
            await loaded.dispose();
          }
        });
      });

      /** Estimators that are disposed of when `use` is done. */
      async function withEstimators(
        options: OptionValues,
        use: (ofFit: EstimatorFitOptions, model: Estimator, fresh: Estimator) => Promise<void>,
      ): Promise<void> {
        const { ofModel, ofFit } = splitOptions(method, { ...method.suit?.(trial.data, options), ...options });
        const [model, fresh] = [1, 2].map(() => method.make({ ...ofModel, device })) as [Estimator, Estimator];
        try {
          await use(ofFit, model, fresh);
        } finally {
          for (const each of [model, fresh]) await each.dispose();
        }
      }

      test("fitted again, it gives the same of the same items; of others what a new one gives, or, of a network, one line", async () => {
        const ask = async (of: Estimator): Promise<unknown[]> => [
          "labels" in of && of.labels,
          await of.predict?.(trial.others),
          (await of.transform?.(trial.others))?.data,
          [...of.history],
        ];
        const others = changed(trial, (value, at) => value + Math.sin(at)).x;
        await withEstimators(trial.options, async (ofFit, model, fresh) => {
          await model.fit(trial.x, ofFit);
          const first = await ask(model);
          await model.fit(trial.x, ofFit);
          expect(await ask(model)).toEqual(first);
          if (method.network) {
            const refused = expect(model.fit(others, ofFit)).rejects;
            await refused.toThrow(`training must go on with the same data of ${N} items, got others; make a new model`);
            expect(await ask(model)).toEqual(first);
          } else {
            await model.fit(others, ofFit);
            await fresh.fit(others, ofFit);
            expect(await ask(model)).toEqual(await ask(fresh));
          }
        });
      });

      test("fitted again with more epochs, it goes on to as many; with less it stays", async () => {
        if (!method.network) return;
        const settles = optionsOf(method).some(([option]) => option === "tolerance");
        // the optimizer begins anew with more epochs: other clusters may merge then, and how many epochs there are depends on merges
        const { initialClusters: minClusters } = trial.options;
        const options = { ...trial.options, ...(settles && { tolerance: 0 }), ...(minClusters ? { minClusters } : {}) };
        await withEstimators(options, async ({ epochs }, model, fresh) => {
          /** Epochs of the network's training: what a mixture then takes depends on where the items lie. */
          const trained = (of: Estimator): string[] =>
            of.history.filter(({ stage }) => stage !== "mixture").map(({ stage, epoch }) => `${stage} ${epoch}`);
          await model.fit(trial.x, { epochs: epochs! });
          const [before, saved] = [trained(model), await model.save()];
          await model.fit(trial.x, { epochs: epochs! - 1 });
          expect(trained(model)).toEqual(before);
          await model.fit(trial.x, { epochs: 2 * epochs! });
          await fresh.fit(trial.x, { epochs: 2 * epochs! });
          expect(trained(model).length).toBeGreaterThan(before.length);
          expect(trained(model)).toEqual(trained(fresh));
          const loaded = await method.load!(saved, { device });
          try {
            await loaded.fit(trial.x, { epochs: 2 * epochs! });
            expect(loaded.history).toEqual(model.history);
            expect((await loaded.transform?.(trial.others))?.data).toEqual(
              (await model.transform?.(trial.others))?.data,
            );
          } finally {
            await loaded.dispose();
          }
        });
      });

      test("NaN is refused, and named; a pixel of a cube is left out", async () => {
        const broken = changed(trial, (value, at) => (at === 7 ? NaN : value));
        if (method.takes[0] === "cube")
          return run(method, broken, ({ labels }) => expect((labels as NdArray<Int32Array>).data.indexOf(-1)).toBe(7));
        expect(await refusal(method, broken)).toMatch(/NaN|finite/);
      });

      test("a single item, items that are all the same, and as many clusters as items are clustered without NaN, or refused in words", async () => {
        await doneOrRefused(method, trialOf(method, 1));
        const same = changed(trial, () => 0.5);
        await doneOrRefused(method, same);
        const few = changed(trialOf(method, FEW), () => 0.5);
        if (method.clusters === "given")
          await doneOrRefused(method, { ...few, options: { ...few.options, nClusters: FEW } });
      });

      test("more clusters than items are refused", async () => {
        if (method.clusters !== "given") return;
        expect(await refusal(method, { ...trial, options: { ...trial.options, nClusters: N + 1 } })).toMatch(
          new RegExp(`${N + 1}|${N}`),
        );
      });

      test("options that it does not have, or that break its rules, are refused", async () => {
        const refused = (options: Record<string, unknown>): Promise<string> =>
          refusal(method, { ...trial, options: { ...trial.options, ...options } });
        expect(await refused({ nClustres: 3 })).toMatch(/unknown option nClustres/);
        if (method.clusters !== "given") return;
        expect(await refused({ n_clusters: K })).toMatch(/unknown option n_clusters, did you mean nClusters\?/);
        const { nClusters: _, ...without } = trial.options;
        expect(await refusal(method, { ...trial, options: without })).toMatch(/nClusters (is missing|must be given)/);
      });
    });
  });
}
