// What programs of this repository are commands with: options, progress, interrupts, folders of results. No entry of the package.
export { checkSameOptions, decodeRun } from "./checkpoint";
export { fingerprint } from "./data";
export type { DataSet } from "./data";
export { run } from "./failure";
export { checkpointPath, readCheckpoint, takeFolder } from "./folder";
export { Interrupted, interruptible } from "./interrupt";
export { choice, integer, list, positive, text, toOption } from "./option";
export { ProgressDisplay, stepProgress } from "./progress";
export { scaledRows, scalingOf } from "./scaling";
export type { Items } from "./scaling";
export { runSession, versions } from "./session";
export { scaledSource } from "./streams/scaling";
