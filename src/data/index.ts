// constella/data: files in, files out. Bytes in memory everywhere; paths in Node and Deno.
export { readNpy, readNpyAny, readNpyRecords, readNpyText, writeNpy, NpyFile, isTextArray } from "./npy";
export type { NpyRecords, TextArray } from "./npy";
export { listNpz, readNpz, readNpzAny, readNpzArray, writeNpz } from "./npz";
export { readIdx, writeIdx } from "./idx";
export { encodeLabels, readCsv, readCsvLabels, writeCsv } from "./csv";
export type { CsvOptions, CsvTable } from "./csv";
export { readSafetensors, writeSafetensors } from "./safetensors";
export type { Safetensors, SafetensorsType } from "./safetensors";
export { loadLabels, loadMatrix, openNpy, readFile, writeAtomic } from "./files";
export type { LoadOptions } from "./files";
export { folderStore } from "./folder-store";
export { NpyDataset } from "./npy-dataset";
export type { BatchesOptions, Minibatch, NpyDatasetOptions, NpySource } from "./npy-dataset";
export { NpyWriter } from "./npy-writer";
export { ShuffleBuffer } from "./shuffle-buffer";
export type { BufferedBatch, BufferUse, ShuffleBufferOptions } from "./shuffle-buffer";
export type { RowSource } from "./row-source";
export * from "./showers";
