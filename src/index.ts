/**
 * The core: devices, tensors and their ops, layers, optimizers, clustering, metrics, autoencoders and DEC. Families of methods have entries of their own.
 * @module constella
 */
export { requestDevice } from "./request-device";
export { DeviceError } from "./device";
export type { Device, DeviceBuffer, KernelArgs, MemoryUsage } from "./device";
export type { WasmOptions } from "./wasm/device";
export type { WebGPUOptions } from "./webgpu/device";
export { defineKernel, grid1d } from "./kernel";
export type { CpuTwin, Kernel, KernelDefinition, Packing, Params } from "./kernel";
export { Tensor, tidy, keep, tensor, indices, parameter, empty, run } from "./tensor";
export type { Shape, DType } from "./tensor";
export { NdArray } from "./ndarray";
export type { ElementType, TypedArray } from "./ndarray";
export type { MatrixLike, NdArrayLike, NestedArray } from "./matrix";
export { grad } from "./autodiff";
export { noGrad, record } from "./graph";
export type { Backward } from "./graph";
export { Random, stream } from "./random";
export type { Counters, RandomState } from "./random";
export * from "./ops";
export { melFilters } from "./ops/sequences/mel-filters";
export type { MelFilterOptions } from "./ops/sequences/mel-filters";
export * from "./nn";
export * from "./optim";
export * from "./cluster";
export * from "./metrics";
export { DEC } from "./models/embedded/dec";
export type {
  CodeClusteringOptions,
  CodeLearningOptions,
  DECLoadOptions,
  DECOptions,
  StudentOptions,
} from "./models/embedded/dec-options";
export type { DenseOptions } from "./models/autoencoder/coder";
export { augmentRows } from "./models/autoencoder/augment-rows";
export type { ImageRowsOptions, RowsAugmentation, RowsAugmenter } from "./models/autoencoder/autoencoder-stages";
export { IDEC } from "./models/embedded/idec";
export type { IDECOptions } from "./models/embedded/idec";
export { StackedAutoencoder } from "./models/autoencoder/stacked-autoencoder";
export type { StackedAutoencoderOptions } from "./models/autoencoder/stacked-autoencoder";
export { Model } from "./lifecycle/model";
export { RowsModel } from "./lifecycle/rows-model";
export type { DeviceOption, OptionSet } from "./lifecycle/model";
export type { Checkpoint, Learned, NamedArrays } from "./lifecycle/checkpoint";
export type { Fit } from "./lifecycle/fit";
export type { Rule, Rules, Spelling, TextSpelling } from "./options";
export type { EpochRecord, FitOptions, Progress, RunOptions, StepReport, TrainingOptions } from "./lifecycle/progress";
export { trainSafely } from "./training/recovery";
export type { SafeTraining, SavedModel } from "./training/recovery";
export type { RowsLike } from "./lifecycle/rows";
export type { RowSource } from "./data/datasets/row-source";
export type { SetBatch, SetPart, SetProvider } from "./data/datasets/sets/provider";
export * from "./models/learning-to-cluster";
export { DeepCluster } from "./models/vision/deep-cluster";
export type { DeepClusterOptions } from "./models/vision/deep-cluster";
export { SelfLabeling } from "./models/vision/self-labeling";
export type { SelfLabelingOptions } from "./models/vision/self-labeling";
export { Supervised } from "./models/vision/supervised";
export type { SupervisedOptions } from "./models/vision/supervised";
export type { Augmentation } from "./models/vision/image-changes";
export type { LoadOptions, NetworkOptions, NetworkSettings, TransformOptions } from "./models/vision/network-options";
export type { NetworkModel } from "./models/vision/network-model";
export { OnlineDeepCluster } from "./models/vision/online-deep-cluster";
export type { OnlineDeepClusterOptions } from "./models/vision/online-deep-cluster";
export { LinearProbe } from "./models/vision/linear-probe";
export type { LinearProbeOptions } from "./models/vision/linear-probe";
export { GridSearch } from "./models/vision/grid-search";
export type { GridCell, GridResult, GridSearchOptions, GridStore } from "./models/vision/grid-search";
