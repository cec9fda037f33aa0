import { readSafetensors, writeSafetensors } from "../data/formats/safetensors";
import { withMetadata } from "../lifecycle/checkpoint-file";
import type { OptionValues, RunCheckpoint, RunRecord } from "../methods";
import { kebab, spell } from "./option";
import type { Scaling } from "./scaling";

/** What identifies a run beside the model: training goes on with the same data, read and scaled alike. */
export interface RunIdentity {
  readonly method: string;
  readonly scale: string;
  /** `fingerprint` of the scaled data. */
  readonly data: string;
}

/** A run's file: what it is, how far it has come, and how later data are scaled. */
export interface SavedRun {
  readonly checkpoint: RunCheckpoint;
  readonly identity: RunIdentity;
  readonly scaling: Scaling;
  /** Names of the columns that it was trained on, of a table with a header. */
  readonly columns?: readonly string[] | null | undefined;
}

/** A checkpoint file: the model's safetensors file, where there is one yet, with the run's record in its metadata. */
export function encodeRun({ checkpoint, identity, scaling, columns }: SavedRun): Uint8Array {
  const { model, record } = checkpoint;
  const run = JSON.stringify({ ...identity, ...record, scaling, ...(columns && { columns }) });
  return model ? withMetadata(model, { run }) : writeSafetensors({}, { metadata: { run } });
}

/** The counterpart of `encodeRun`, of files of earlier versions too. @throws for any other file, naming it */
export function decodeRun(path: string, content: Uint8Array): SavedRun {
  try {
    const { metadata } = readSafetensors(content);
    if (metadata["run"] === undefined) throw new Error("the file was not written by constella cluster");
    const run = JSON.parse(metadata["run"]) as RunIdentity &
      RunRecord & { fit?: OptionValues; scaling?: Scaling; columns?: string[] };
    const { method, scale, data, seconds, trace, stages, ended, columns } = run;
    const { settings = {} } = JSON.parse(metadata["state"] ?? "{}") as { settings?: OptionValues };
    const options = run.options ?? { ...settings, ...run.fit };
    const model = metadata["model"] === undefined ? undefined : content;
    return {
      checkpoint: { model, record: { seconds, options, trace, stages, ...(ended && { ended }) } },
      identity: { method, scale, data },
      scaling: run.scaling ?? (scale === "unit" ? { kind: "unit", low: 0, span: 255 } : { kind: "none" }),
      ...(columns && { columns }),
    };
  } catch (error) {
    throw new Error(`cannot resume from ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws for the first option that was given and differs from the checkpoint's, with both values */
export function checkSameOptions(path: string, saved: OptionValues, given: OptionValues): void {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && spell(value) !== spell(saved[name]))
      throw new Error(
        `--${kebab(name)} is ${spell(saved[name])} in ${path}, got ${spell(value)}; leave --resume out to start anew`,
      );
}
