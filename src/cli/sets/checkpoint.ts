import { readSafetensors } from "../../data/formats/safetensors";
import type { RunCheckpoint } from "../../methods";
import { decodeRun, encodeRun } from "../run/checkpoint";
import type { Reading } from "../data/load";
import type { SetScale } from "./data";

/** What `constella learn` notes beside the model. */
export interface LearnedRun {
  readonly checkpoint: RunCheckpoint;
  readonly scale: SetScale;
  /** Identifies the data. */
  readonly data: string;
  /** How pictures and sounds were brought to one size. */
  readonly reading?: Reading | undefined;
}

/** A model's file with the command's record in its metadata. */
export const encodeLearned = ({ checkpoint, scale, data, reading }: LearnedRun): Uint8Array =>
  encodeRun({ checkpoint, identity: { method: "learn", scale, data }, scaling: { kind: "none" }, reading });

/** The record of a model's file; of a model that another program saved, nothing. @throws for files of other kinds */
export function readLearned(path: string, content: Uint8Array): LearnedRun | undefined {
  let metadata: Readonly<Record<string, string>>;
  try {
    metadata = readSafetensors(content).metadata;
  } catch (error) {
    throw new Error(`${(error as Error).message} (${path})`, { cause: error });
  }
  const { model, run } = metadata;
  if (model === undefined ? run === undefined : model !== "LearningToCluster")
    throw new Error(`${path} must hold a LearningToCluster model, got ${model ?? "no checkpoint"}`);
  if (run === undefined) return undefined;
  const { checkpoint, identity, reading } = decodeRun(path, content);
  return { checkpoint, scale: identity.scale as SetScale, data: identity.data, reading };
}
