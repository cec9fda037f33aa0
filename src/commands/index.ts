/**
 * Pieces that programs at the command line are made of, for Node: options with their rules, progress with time left, interrupts that stop a training at
 * a step, a run of a method into a folder that is resumed.
 * @module constella/commands
 */
export { checkSameOptions, decodeRun, encodeRun, type RunIdentity, type SavedRun } from "../cli/run/checkpoint";
export type { CubeAs, CubeData, PixelsOfCube, SmallCube } from "../cli/cubes/read";
export { fingerprint, type DataSet, type Reading, type TableReading } from "../cli/data/load";
export type { DataOptions } from "../cli/data/options";
export { run } from "../cli/failure";
export { checkpointPath, readCheckpoint, takeFolder, type OutFolder } from "../cli/run/folder";
export { Interrupted, interruptible, type Interruption } from "../cli/run/interrupt";
export { choice, integer, list, positive, text, toOption, type OptionSpec, type Rule } from "../cli/option";
export { ProgressDisplay, stepProgress, type ProgressStream, type StageProgress } from "../cli/progress";
export { scaledRows, scalingOf, type Items, type Scaling } from "../cli/data/scaling";
export type { MapPoints } from "../cli/run/projection";
export { runSession, versions, type Session, type SessionResult } from "../cli/run/session";
export type { SoundOptions } from "../cli/data/spectrograms";
export type { BytesRead, StreamedRows } from "../cli/streams/open";
export { scaledSource } from "../cli/streams/scaling";
