import { isObject } from "../../checks";
import { readSafetensors } from "../../data/formats/safetensors";
import { metadataFile, openCheckpoint, withMetadata } from "../../lifecycle/checkpoint-file";
import { Checkpoint } from "../../lifecycle/saved-checkpoint";
import type { FoundNumber, OptionValues, RunCheckpoint, RunRecord } from "../../methods";
import { NdArray } from "../../ndarray";
import {
  choice,
  either,
  entries,
  finite,
  flag,
  integer,
  list,
  nullable,
  optional,
  positive,
  range,
  record,
  text,
} from "../../options";
import type { Rule } from "../../options";
import type { Reading } from "../data/load";
import { kebab, spell } from "../option";
import type { Scaling } from "../data/scaling";

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
  /** How pictures and sounds were brought to one size, and the columns of a table taken. */
  readonly reading?: Reading | undefined;
  /** How the number of clusters was found, where it was searched for. */
  readonly numberOfClusters?: FoundNumber | undefined;
}

const object: Rule = { words: "an object", holds: isObject };
const SCALING = either(
  record({ kind: choice("none") }),
  record({ kind: choice("unit"), low: finite, span: range(0) }),
  record({ kind: choice("standard"), means: list(finite), deviations: list(range(0)) }),
);

const COLUMN = either(text, integer(0));
const TABLE = record({
  layout: record({
    ...{ width: integer(1), left: list(COLUMN), id: optional(COLUMN), others: flag },
    taken: list(record({ column: COLUMN, categories: optional(list(text)), mean: optional(finite) }), 1),
  }),
  ...{ missing: optional(choice("error", "drop", "mean")), header: optional(flag), delimiter: optional(text) },
  decimal: optional(choice(".", ",")),
});

/** What the record of a run must be, in files of earlier versions too. */
const RUN = {
  ...{
    method: text,
    scale: choice("none", "unit", "standard", "centered", "signed", "set"),
    data: text,
    seconds: range(0),
  },
  ...{
    options: optional(object),
    fit: optional(object),
    scaling: optional(SCALING),
    ended: optional(entries(range(0))),
  },
  trace: optional(list(record({ step: integer(0) }, nullable(finite)))),
  film: optional(
    record({
      ...{ rows: list(integer(0), 1), stage: text, every: integer(1) },
      frames: list(record({ step: integer(0), values: list(finite, 1) })),
    }),
  ),
  stages: optional(list(record({ name: text, measures: entries(nullable(finite)), seconds: range(0) }))),
  columns: optional(nullable(list(text))),
  numberOfClusters: optional(
    record({
      ...{ asked: text, k: integer(1), criterion: text, reason: text },
      scores: list(
        record({ k: integer(1), score: nullable(finite), expected: optional(finite), deviation: optional(finite) }),
        1,
      ),
    }),
  ),
  reading: optional(
    record({
      ...{ size: optional(list(integer(1))), fit: optional(choice("cover", "contain", "stretch")) },
      ...{
        channels: optional(integer(1, 3)),
        seconds: optional(range(0)),
        bands: optional(integer(1)),
        step: optional(range(0)),
        as: optional(choice("pixels", "superpixels")),
        slice: optional(integer(0)),
        superpixels: optional(integer(1)),
        superpixelCompactness: optional(positive),
        tileSize: optional(integer(1)),
        table: optional(TABLE),
      },
    }),
  ),
};

/** The same as a type. */
interface Recorded extends RunIdentity, Omit<RunRecord, "options"> {
  readonly options?: OptionValues;
  readonly fit?: OptionValues;
  readonly scaling?: Scaling;
  readonly columns?: readonly string[] | null;
  readonly reading?: Reading;
  readonly numberOfClusters?: FoundNumber;
}

/** A checkpoint file: the model's safetensors file, where there is one yet, with the run's record in its metadata. */
export function encodeRun({ checkpoint, identity, scaling, columns, reading, numberOfClusters }: SavedRun): Uint8Array {
  const { model, record } = checkpoint;
  const run = JSON.stringify({
    ...identity,
    ...record,
    scaling,
    ...(columns && { columns }),
    ...(reading && { reading }),
    ...(numberOfClusters && { numberOfClusters }),
  });
  return model ? withMetadata(model, { run }) : metadataFile({ run });
}

/** The counterpart of `encodeRun`, of files of earlier versions too. @throws for any other file, naming it */
export function decodeRun(path: string, content: Uint8Array): SavedRun {
  try {
    const { metadata } = readSafetensors(content);
    if (metadata["run"] === undefined) throw new Error("the file was not written by constella cluster");
    if (metadata["format"] !== undefined) openCheckpoint(content); // of earlier versions the first file of a run has none
    const run = recorded(metadata["run"]);
    const { method, scale, data, seconds, trace = [], stages = [], ended, film, columns, reading } = run;
    const { numberOfClusters } = run;
    const { settings } = parsed(metadata["state"] ?? "{}") as { settings?: unknown };
    const options = run.options ?? { ...(isObject(settings) && settings), ...run.fit };
    const model = metadata["model"] === undefined ? undefined : content;
    return {
      checkpoint: {
        model,
        record: { seconds, options, trace, stages, ...(ended && { ended }), ...(film && { film }) },
      },
      identity: { method, scale, data },
      scaling: run.scaling ?? (scale === "unit" ? { kind: "unit", low: 0, span: 255 } : { kind: "none" }),
      ...(columns && { columns }),
      ...(reading && { reading }),
      ...(numberOfClusters && { numberOfClusters }),
    };
  } catch (error) {
    throw new Error(`cannot resume from ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** The record of a run. @throws for an entry that breaks its rule */
function recorded(json: string): Recorded {
  const saved = new Checkpoint({}, parsed(json), NdArray);
  return Object.fromEntries(Object.entries(RUN).map(([name, rule]) => [name, saved.entry(name, rule)])) as never;
}

/** An object of JSON. */
function parsed(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new Error("the record in its metadata is not JSON", { cause: error });
  }
  if (!isObject(value)) throw new Error("the record in its metadata must be an object");
  return value;
}

/** @throws for the first option that was given and differs from the checkpoint's, with both values */
export function checkSameOptions(path: string, saved: OptionValues, given: OptionValues): void {
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && spell(value) !== spell(saved[name]))
      throw new Error(
        `--${kebab(name)} is ${spell(saved[name])} in ${path}, got ${spell(value)}; leave --resume out to start anew`,
      );
}

/** The record of a run; undefined of a model that another program saved. @throws for what is no safetensors file, and for a run without a model */
export function savedRun(file: string, content: Uint8Array): SavedRun | undefined {
  let metadata: Readonly<Record<string, string>>;
  try {
    ({ metadata } = readSafetensors(content));
  } catch (error) {
    throw new Error(`${(error as Error).message} (${file})`, { cause: error });
  }
  if (metadata["run"] !== undefined && metadata["model"] === undefined)
    throw new Error(`${file} is of a run that has not got to a model yet; go on with it by --resume`);
  return metadata["run"] === undefined ? undefined : decodeRun(file, content);
}
