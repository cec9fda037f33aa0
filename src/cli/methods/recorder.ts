import { TrainingInterrupted } from "./task";
import type { Checkpoint, RunRecord, Task } from "./task";

/** Makes the checkpoints of a task's training, with the seconds worked on it, those before it was resumed too. */
export interface Recorder {
  /** Worked so far. */
  seconds(): number;
  checkpoint(model: { save(): Promise<Uint8Array> }, record: Omit<RunRecord, "seconds">): Promise<Checkpoint>;
}

/** Begins to count. */
export function recorderOf({ checkpoint }: Task): Recorder {
  const begin = performance.now();
  const seconds = (): number => (checkpoint?.record.seconds ?? 0) + (performance.now() - begin) / 1000;
  return {
    seconds,
    checkpoint: async (model, record) => ({ model: await model.save(), record: { seconds: seconds(), ...record } }),
  };
}

/** Waits for training. @throws TrainingInterrupted with a checkpoint where the task's signal ended it */
export async function trained(
  fit: Promise<unknown>,
  { signal, progress }: Task,
  save: () => Promise<Checkpoint>,
): Promise<void> {
  try {
    await fit;
  } catch (error) {
    if (signal.aborted && error === signal.reason) throw new TrainingInterrupted(await save());
    throw error;
  }
  progress.stop();
}
