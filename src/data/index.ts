/**
 * Files in, files out: of bytes in memory everywhere, of paths in Node and Deno; and data sets that are generated.
 * @module constella/data
 */
export { readNpy, readNpyAny, readNpyRecords, readNpyText, writeNpy, NpyFile, isTextArray } from "./npy";
export type { NpyRecords, TextArray } from "./npy";
export { listNpz, readNpz, readNpzAny, readNpzArray, writeNpz } from "./npz";
export { readIdx, writeIdx } from "./idx";
export type { IdxArray } from "./idx";
export { readImage, resizeImage } from "./images";
export { loadImageFolder } from "./image-folder";
export type { ImageFolder, ImageFolderOptions } from "./image-folder";
export { readWav } from "./wav";
export type { Wav, WavOptions } from "./wav";
export { encodeLabels, readCsv, readCsvLabels, writeCsv } from "./csv";
export type { ClassLabels, CsvOptions, CsvTable } from "./csv";
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
export type { Bytes, RandomAccess } from "./source";
export type { RowSource } from "./row-source";
export * from "./showers";
export * from "./points";
export * from "./sets";
