import { readSafetensors, writeSafetensors } from "../data/formats/safetensors";
import { kebab, spell } from "./option";
import type { Checkpoint, RunRecord } from "./methods/task";

/** What identifies a run beside the model: training goes on with the same data, read and scaled alike. */
export interface RunIdentity {
  readonly method: string;
  readonly scale: string;
  /** `fingerprint` of the scaled data. */
  readonly data: string;
}

/** A checkpoint file: the model's safetensors file with the run's record in its metadata. */
export function encodeRun({ model, record }: Checkpoint, identity: RunIdentity): Uint8Array {
  const { tensors, types, metadata } = readSafetensors(model);
  const halves = [...types].filter((entry): entry is [string, "F16"] => entry[1] === "F16");
  return writeSafetensors(tensors, {
    types: Object.fromEntries(halves),
    metadata: { ...metadata, run: JSON.stringify({ ...identity, ...record }) },
  });
}

/** The counterpart of `encodeRun`. `settings` are the options that the model was made with. Throws for any other file. */
export function decodeRun(
  path: string,
  content: Uint8Array,
): Checkpoint & { readonly identity: RunIdentity; readonly settings: Readonly<Record<string, unknown>> } {
  try {
    const { metadata } = readSafetensors(content);
    if (metadata["run"] === undefined) throw new Error("the file was not written by constella cluster");
    const { method, scale, data, ...record } = JSON.parse(metadata["run"]) as RunIdentity & RunRecord;
    const { settings } = JSON.parse(metadata["state"] ?? "{}") as { settings: Record<string, unknown> };
    return {
      model: content,
      record,
      identity: { method, scale, data },
      settings: { ...settings, ...record.fit, method, scale },
    };
  } catch (error) {
    throw new Error(`cannot resume from ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws for the first option that was given and differs from the checkpoint's, with both values. */
export function checkSameOptions(
  path: string,
  saved: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && spell(value) !== spell(saved[name]))
      throw new Error(
        `--${kebab(name)} is ${spell(saved[name])} in ${path}, given ${spell(value)}; leave --resume out to start anew`,
      );
}
