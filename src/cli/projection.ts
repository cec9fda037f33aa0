import type { Projection } from "../report";
import type { Outcome, Task } from "./task";

/** The embedding in the plane, by UMAP of a sample. */
export async function project({ seed, signal, progress }: Task, { embedding }: Outcome): Promise<Projection[]> {
  const { umapProjection } = await import("../report");
  const { data, shape } = embedding;
  const onEpoch = (done: number, total: number): void => progress.update({ stage: "drawing", done, total });
  return [await umapProjection(data, shape[0]!, { seed, signal, onEpoch })];
}
