import { readSafetensors } from "../../data/formats/safetensors";
import type { RunRecord } from "../methods/task";
import { encodeRun } from "../checkpoint";
import type { SetScale } from "./data";

/** What `constella learn` notes beside the model. */
export interface LearnRecord {
  readonly scale: SetScale;
  /** Identifies the data. */
  readonly data: string;
  /** Worked so far. */
  readonly seconds: number;
  /** Options of the command, to go on with. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A model's file with the command's record in its metadata. */
export function encodeLearned(model: Uint8Array, { scale, data, seconds, options }: LearnRecord): Uint8Array {
  const record: RunRecord = { seconds, fit: options, trace: [], stages: [] };
  return encodeRun({ model, record }, { method: "learn", scale, data });
}

/** The record of a model's file; of a model that another program saved, what can be told. @throws for files of other kinds */
export function readLearned(path: string, content: Uint8Array): Partial<LearnRecord> {
  let metadata: Readonly<Record<string, string>>;
  try {
    metadata = readSafetensors(content).metadata;
  } catch (error) {
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
  const { model = "no checkpoint", run } = metadata;
  if (model !== "LearningToCluster") throw new Error(`${path} must hold a LearningToCluster model, it is ${model}`);
  if (run === undefined) return {};
  const { scale, data, seconds, fit } = JSON.parse(run) as RunRecord & { scale: SetScale; data: string };
  return { scale, data, seconds, options: fit };
}
