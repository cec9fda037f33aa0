/**
 * Files in, files out: of bytes in memory everywhere, of paths in Node and Deno; and data sets that are generated.
 * @module constella/data
 */
export { readNpy, readNpyAny, readNpyRecords, readNpyText, writeNpy, NpyFile, isTextArray } from "./formats/npy/npy";
export type { NpyRecords, TextArray } from "./formats/npy/npy";
export { writeNpyRecords } from "./formats/npy/records";
export type { RecordFields } from "./formats/npy/records";
export { listNpz, readNpz, readNpzAny, readNpzArray, writeNpz } from "./formats/npy/npz";
export { readIdx, writeIdx } from "./formats/idx";
export type { IdxArray } from "./formats/idx";
export { fitImage, readImage, resizeImage } from "./formats/images/images";
export type { Fit, ImageOptions } from "./formats/images/images";
export { imageLayout, mayBeBands, toChannelsFirst } from "./image-layout";
export type { ChannelsFirst, ImageLayout } from "./image-layout";
export { loadImageFolder } from "./formats/images/folder";
export type { ImageFolder, ImageFolderOptions } from "./formats/images/folder";
export { readWav } from "./formats/wav";
export type { Wav, WavOptions } from "./formats/wav";
export { encodeLabels } from "./formats/class-labels";
export type { ClassLabels } from "./formats/class-labels";
export { readCsv, readCsvLabels, readCsvStream, writeCsv } from "./formats/csv/csv";
export type { ColumnName, CsvOptions, CsvTable, CsvWriteOptions, TableLayout, TakenColumn } from "./formats/csv/csv";
export { readSafetensors, writeSafetensors } from "./formats/safetensors";
export type { Safetensors, SafetensorsType } from "./formats/safetensors";
export { writeAtomic, type FileContent } from "./formats/atomic-file";
export { loadLabels, loadMatrix, loadSparse, openNpy, readFile } from "./formats/files";
export type { LoadOptions } from "./formats/files";
export { folderStore } from "./datasets/folder-store";
export { NpyDataset } from "./datasets/npy-dataset";
export type { BatchesOptions, Minibatch, NpyDatasetOptions, NpySource } from "./datasets/npy-dataset";
export { NpyWriter } from "./formats/npy/writer";
export { ShuffleBuffer } from "./datasets/shuffle-buffer";
export type { BufferedBatch, BufferUse, ShuffleBufferOptions } from "./datasets/shuffle-buffer";
export type { Bytes, RandomAccess } from "./formats/source";
export type { RowSource } from "./datasets/row-source";
export { SparseRows } from "./datasets/sparse-rows";
export { readSparse } from "./formats/sparse-files";
export { SparseMatrix } from "../sparse";
export { sliceRows } from "./datasets/row-views";
export * from "./datasets/showers";
export * from "./datasets/points";
export * from "./datasets/stars-galaxies";
export * from "./datasets/sets";
