import { DEC } from "../../models/dec";
import type { DECOptions } from "../../models/dec";
import { IDEC } from "../../models/idec";
import { headline } from "../../metrics/measures";
import { nonNegative, oneOf, positive, share, whole, wholes } from "../option";
import type { OptionSpec } from "../option";
import { stepProgress } from "../progress";
import { recorderOf, trained } from "./recorder";
import type { Checkpoint, Method, Outcome, StageResult, Task, TracePoint } from "./task";

/** Between the input and the embedding: the network of the paper. */
const HIDDEN = [500, 500, 2000];
const EMBEDDING = 10;

/** Passes over the data in the clustering phase at most: an option of `fit`. */
const EPOCHS = 100;

/** The stage whose labels the clustering phase begins with. */
const INITIAL = "autoencoder + k-means";

const OPTIONS: readonly OptionSpec[] = [
  { name: "layers", kind: wholes(1, 2), help: "sizes of the encoder from the input to the embedding" },
  { name: "layerEpochs", kind: whole(0), help: "passes over the data for each layer by itself" },
  { name: "pretrainEpochs", kind: whole(0), help: "passes over the data for the whole autoencoder" },
  { name: "pretrainBatchSize", kind: whole(1), help: "items a step before clustering" },
  { name: "pretrainLearningRate", kind: positive, help: "Adam's step size before clustering" },
  { name: "corruption", kind: share, help: "share of inputs set to 0 while a layer is trained by itself" },
  { name: "epochs", kind: whole(0), help: "passes over the data while clustering, at most" },
  { name: "target", kind: oneOf("global", "batch"), help: "over what p sharpens q: all the data, or each minibatch" },
  { name: "updateInterval", kind: whole(1), help: "steps between two looks at all the data" },
  { name: "tolerance", kind: nonNegative, help: "ends when fewer than this share of labels changed" },
  { name: "learningRate", kind: positive, help: "of SGD while clustering" },
  { name: "momentum", kind: share, help: "of SGD while clustering" },
  { name: "batchSize", kind: whole(1), help: "items a step while clustering" },
  { name: "alpha", kind: positive, help: "degrees of freedom of Student's t distribution" },
  { name: "nInit", kind: whole(1), help: "runs of the k-means that places the centres" },
];

/** The library's own, by a model that is never fitted; sizes depend on the data. */
function defaultsOf(model: DEC): Readonly<Record<string, unknown>> {
  const { layers: _layers, nClusters: _nClusters, seed: _seed, ...settings } = model.settings;
  return { layers: `input,${HIDDEN.join(",")},${EMBEDDING}`, ...settings, epochs: EPOCHS };
}

const SMALLEST = { layers: [1, 1], nClusters: 1 };

/** `cluster --method dec`. */
export const dec: Method = {
  title: "DEC",
  summary: "deep embedded clustering (Xie, Girshick and Farhadi 2016)",
  takesClusters: true,
  deep: true,
  options: OPTIONS,
  defaults: defaultsOf(new DEC(SMALLEST)),
  run: (task) => train(DEC, task),
};

/** `cluster --method idec`. */
export const idec: Method = {
  title: "IDEC",
  summary: "DEC that keeps the reconstruction loss (Guo et al. 2017)",
  takesClusters: true,
  deep: true,
  options: [...OPTIONS, { name: "gamma", kind: nonNegative, help: "weight of the clustering loss" }],
  defaults: defaultsOf(new IDEC(SMALLEST)),
  run: (task) => train(IDEC, task),
};

/** Trains, or goes on training, with measures along the way. @throws TrainingInterrupted where the signal ended it */
async function train(Model: typeof DEC, task: Task): Promise<Outcome> {
  const { x, truth, signal, progress, device, checkpoint } = task;
  const recorder = recorderOf(task);
  const { epochs: given, ...options } = task.options as Partial<DECOptions> & { epochs?: number };
  const epochs = given ?? (checkpoint?.record.fit["epochs"] as number | undefined) ?? EPOCHS;
  const model = checkpoint
    ? await Model.load(checkpoint.model, { device })
    : new Model({
        layers: [x.shape[1]!, ...HIDDEN, EMBEDDING],
        ...options,
        ...{ nClusters: task.nClusters!, seed: task.seed, device },
      });
  const stages: StageResult[] = [...(checkpoint?.record.stages ?? task.stages ?? [])];
  const trace: TracePoint[] = [...(checkpoint?.record.trace ?? [])];
  const save = (): Promise<Checkpoint> => recorder.checkpoint(model, { fit: { epochs }, trace, stages });
  const measureAt = (step: number): TracePoint | undefined => {
    if (!truth || trace.at(-1)?.step === step) return trace.at(-1);
    const point = { step, ...headline(truth, model.labels) };
    trace.push(point);
    return point;
  };
  await trained(
    model.fit(x, {
      epochs,
      signal,
      onStep: (report) => {
        const { stage, epoch, steps } = report;
        const figures: Record<string, number> = {};
        if (stage === model.name) {
          const measures = measureAt((epoch - 1) * steps);
          if (epoch === 1 && !stages.some(({ name }) => name === INITIAL))
            stages.push({ name: INITIAL, measures: withoutStep(measures), seconds: recorder.seconds() });
          if (measures) figures["ACC"] = measures["ACC"]!;
        }
        progress.update(stepProgress(report, { figures }));
      },
    }),
    task,
    save,
  );
  const clustering = model.history.filter(({ stage }) => stage === model.name);
  measureAt(clustering.length * model.settings.updateInterval);
  return {
    labels: model.labels,
    nClusters: model.settings.nClusters,
    embedding: await model.transform(x),
    q: await model.softAssignments(x),
    settings: { ...model.settings, epochs },
    history: model.history,
    checkpoint: await save(),
  };
}

function withoutStep(point: TracePoint | undefined): Record<string, number> {
  const { step: _, ...measures } = point ?? { step: 0 };
  return measures;
}
