/**
 * Deep clustering of images: networks of convolutions, the methods that train them without labels, and what their features are worth.
 * @module constella/vision
 */

export { VGG } from "../nn/vgg";
export type { VGGOptions, VGGSpec } from "../nn/vgg";
export { DeepCluster } from "../models/deep-cluster";
export type { DeepClusterOptions } from "../models/deep-cluster";
export { OnlineDeepCluster } from "../models/online-deep-cluster";
export type { OnlineDeepClusterOptions } from "../models/online-deep-cluster";
export { ntXent, scanLoss } from "../ops/losses/contrastive";
export { SCAN } from "../models/scan";
export type { SCANOptions } from "../models/scan";
export { SelfLabeling } from "../models/self-labeling";
export type { SelfLabelingOptions } from "../models/self-labeling";
export type { Augmentation } from "../models/image-changes";
export type { NetworkModel } from "../models/network-model";
export type { LoadOptions, NetworkOptions, NetworkSettings } from "../models/network-options";
export { Supervised } from "../models/supervised";
export type { SupervisedOptions } from "../models/supervised";
export { LinearProbe } from "../models/linear-probe";
export type { LinearProbeOptions } from "../models/linear-probe";
export { GridSearch } from "../models/grid-search";
export type { GridCell, GridResult, GridSearchOptions, GridStore } from "../models/grid-search";
