/**
 * Deep clustering of images: networks of convolutions, the methods that train them without labels, and what their features are worth.
 * @module constella/vision
 */

export { VGG } from "../nn/vgg";
export type { VGGOptions, VGGSpec } from "../nn/vgg";
export { DeepCluster } from "../models/vision/deep-cluster";
export type { DeepClusterOptions } from "../models/vision/deep-cluster";
export { OnlineDeepCluster } from "../models/vision/online-deep-cluster";
export type { OnlineDeepClusterOptions } from "../models/vision/online-deep-cluster";
export { ntXent, scanLoss } from "../ops/losses/contrastive";
export { SCAN } from "../models/vision/scan";
export type { SCANOptions } from "../models/vision/scan";
export { SelfLabeling } from "../models/vision/self-labeling";
export type { SelfLabelingOptions } from "../models/vision/self-labeling";
export type { Augmentation } from "../models/vision/image-changes";
export type { NetworkModel } from "../models/vision/network-model";
export type { LoadOptions, NetworkOptions, NetworkSettings } from "../models/vision/network-options";
export { Supervised } from "../models/vision/supervised";
export type { SupervisedOptions } from "../models/vision/supervised";
export { LinearProbe } from "../models/vision/linear-probe";
export type { LinearProbeOptions } from "../models/vision/linear-probe";
export { GridSearch } from "../models/vision/grid-search";
export type { GridCell, GridResult, GridSearchOptions, GridStore } from "../models/vision/grid-search";
