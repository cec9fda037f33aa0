import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { checkSameOptions, decodeRun, encodeRun, fingerprint, Interrupted, stepProgress } from "constella/commands";
import { writeAtomic } from "constella/data";
import { defaultsOf, loadMethod, runMethod, RunInterrupted } from "constella/methods";
import type { OptionValues, RunCheckpoint } from "constella/methods";
import type { Task } from "./task";

/** How a method is run: on the task's items, unless others are given. */
interface KeptRun {
  readonly method: string;
  readonly options: OptionValues;
  readonly x?: Task["items"]["x"];
}

/**
 * Labels by a method whose training takes long: it tells how far it is, and what stopped or was killed goes on from `ROW-SEED.safetensors` in the folder
 * of results at the next run.
 * @throws Interrupted after a signal, with the checkpoint written
 */
export async function keptRun(
  row: string,
  task: Task,
  { method: id, options, x = task.items.x }: KeptRun,
): Promise<Int32Array> {
  const { nClusters, seed, device, folder, signal, progress } = task;
  const method = await loadMethod(id);
  const given = { ...options, nClusters, seed };
  const identity = { method: id, scale: "none", data: fingerprint(x) };
  const place = `${folder}/${row}-${seed}.safetensors`;
  const saved = existsSync(place) ? decodeRun(place, await readFile(place)) : undefined;
  if (saved) {
    checkSameOptions(place, { ...defaultsOf(method), ...saved.checkpoint.record.options }, given);
    if (saved.identity.data !== identity.data) throw new Error(`${place} is of other items: give another --out`);
  }
  const keep = (checkpoint: RunCheckpoint): Promise<void> =>
    writeAtomic(place, encodeRun({ checkpoint, identity, scaling: { kind: "none" } }));
  const [n, ...itemShape] = x.shape as [number, ...number[]];
  try {
    const { labels, estimator } = await runMethod(method, {
      ...{ x, data: { n, itemShape, bytes: false }, options: given, device, signal, keep, places: false },
      ...(saved?.checkpoint.model && { checkpoint: saved.checkpoint }),
      onStep: (report) => progress.update(stepProgress(report)),
    });
    await estimator.dispose();
    await rm(place, { force: true });
    return labels as Int32Array;
  } catch (error) {
    if (!(error instanceof RunInterrupted)) throw error;
    await keep(error.checkpoint);
    throw new Interrupted(`interrupted, ${place} holds all so far; the same command goes on`, signal.reason);
  } finally {
    progress.stop();
  }
}
