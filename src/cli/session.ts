import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../package.json";
import { readFile, writeAtomic } from "../data/formats/files";
import { writeNpy } from "../data/formats/npy";
import { decodeRun, encodeRun, type RunIdentity } from "./checkpoint";
import type { DataSet } from "./data";
import { Interrupted } from "./interrupt";
import { headline, measure } from "../metrics/measures";
import { project } from "./projection";
import { toReport, type FinishedRun } from "./report";
import { TrainingInterrupted, type Checkpoint, type Method, type Outcome, type Task } from "./methods/task";

/** What made a result: versions for the report. */
export const versions = { constella: version, node: process.version };

/** Where a run keeps its checkpoint. */
export const checkpointPath = (out: string): string => join(out, "checkpoint.safetensors");

/** The checkpoint of an earlier run in this folder. */
export const readRun = async (out: string): Promise<ReturnType<typeof decodeRun>> =>
  decodeRun(checkpointPath(out), await readFile(checkpointPath(out)));

/** Makes the folder, and throws where nothing can be written into it: before the work, not after. */
async function prepareFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    await access(out, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isFile = code === "EEXIST" || code === "ENOTDIR";
    const why = isFile ? "it is a file, or lies in one" : code === "EACCES" ? "permission denied" : code;
    throw new Error(`cannot write into ${out}: ${why}`, { cause: error });
  }
}

/** One run of a method, from data to files. */
export interface Session {
  readonly method: Method;
  readonly task: Task;
  readonly data: DataSet;
  readonly identity: RunIdentity;
  readonly out: string;
  /** The command that goes on after Ctrl-C. */
  readonly resumeCommand: string;
  readonly report: Pick<FinishedRun, "title" | "summary" | "command">;
}

/**
 * Runs the method and writes labels.npy, embedding.npy, metrics.json, checkpoint.safetensors and report.html, each whole or not at all.
 * @throws Interrupted after Ctrl-C, with a checkpoint written where training can be resumed
 */
export async function runSession(session: Session): Promise<Outcome> {
  const { method, task, identity, out, resumeCommand } = session;
  const write = (name: string, content: Uint8Array | string): Promise<void> => writeAtomic(join(out, name), content);
  await prepareFolder(out);
  try {
    const keep = keeper((content) => writeAtomic(checkpointPath(out), encodeRun(content, identity)));
    const outcome = await method.run({ ...task, keep });
    const checkpoint = encodeRun(outcome.checkpoint, identity);
    if (method.deep) await writeAtomic(checkpointPath(out), checkpoint); // what follows may still be interrupted
    const { components, projections } = await project(task, outcome);
    const run = finishedRun(session, outcome, projections);
    const { renderReport } = await import("../report");
    const html = await renderReport(toReport(run));
    await write("labels.npy", writeNpy(outcome.labels));
    await write("embedding.npy", writeNpy(outcome.embedding ?? components));
    await write("metrics.json", `${JSON.stringify(metricsOf(session, outcome), null, 2)}\n`);
    if (!method.deep) await writeAtomic(checkpointPath(out), checkpoint);
    await write("report.html", html);
    return outcome;
  } catch (error) {
    if (error instanceof TrainingInterrupted) {
      await writeAtomic(checkpointPath(out), encodeRun(error.checkpoint, identity));
      throw new Interrupted(`interrupted, ${checkpointPath(out)} holds all so far; go on with: ${resumeCommand}`);
    }
    if (task.signal.aborted && error === task.signal.reason)
      throw new Interrupted(
        method.deep
          ? `interrupted after training, write the rest with: ${resumeCommand}`
          : "interrupted, nothing was written",
      );
    throw error;
  } finally {
    task.progress.stop();
  }
}

/** Writes at most every second, and no more than a twentieth of the time. */
function keeper(write: (checkpoint: Checkpoint) => Promise<void>): NonNullable<Task["keep"]> {
  let [last, spent] = [performance.now(), 0];
  return async (save) => {
    const begin = performance.now();
    if (begin - last < Math.max(1000, 20 * spent)) return;
    await write(await save());
    last = performance.now();
    spent = last - begin;
  };
}

function finishedRun(
  { method, task, data, identity, report }: Session,
  outcome: Outcome,
  projections: FinishedRun["projections"],
): FinishedRun {
  const { truth, seed, device } = task;
  const measures = truth ? headline(truth, outcome.labels) : {};
  const { stages, seconds } = outcome.checkpoint.record;
  const last = { name: method.title, metrics: measures, seconds };
  const rows = stages.map(({ measures, ...stage }) => ({ ...stage, metrics: measures }));
  return {
    ...report,
    ...{
      method: method.title,
      outcome: { embedding: task.x, ...outcome },
      items: data.raw,
      columns: data.columns,
      truth,
      projections,
    },
    ...(data.truth?.classes && { classNames: data.truth.classes }),
    ...{ measures, stages: truth && rows.length > 0 ? [...rows, last] : [], device: device.description, seed, seconds },
    ...{ versions, options: { ...outcome.settings, scale: identity.scale } },
  };
}

function metricsOf({ method, task, data, identity }: Session, outcome: Outcome): Record<string, unknown> {
  const { truth, seed, device, x } = task;
  const { labels, inertia, settings, nClusters, checkpoint } = outcome;
  return {
    method: identity.method,
    n: x.shape[0],
    nClusters,
    ...(inertia !== undefined && { inertia }),
    ...(truth && measure(truth, labels)),
    ...(method.deep && { stages: checkpoint.record.stages }),
    ...{ seconds: checkpoint.record.seconds, device: device.description, seed, data: data.path, scale: identity.scale },
    ...{ options: settings, versions },
  };
}
