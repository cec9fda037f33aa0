/**
 * Generative models: variational autoencoders with any divergence and prior, what they are made of, and objects in images by hypercolumns.
 * @module constella/generative
 */

export * from "../ops/generative";
export * from "../ops/masks";
export { mixtureQuantiles } from "./quantiles";
export { DIVERGENCES } from "./divergences";
export type { Beta, DivergenceName } from "./divergences";
export { prepareStamps } from "./preparation";
export { NEIGHBOURS, NORMALIZATIONS } from "./preparation-options";
export type { PreparationOptions } from "./preparation-options";
export type { CoderSpec, ConvolutionalSpec, DenseSpec, ResidualSpec } from "./networks/coders";
export { ConditionalVAE, ConvVAE, VAE } from "./models/vae";
export type { VAELoadOptions, VAEOptions, VAESettings } from "./models/vae";
export { ConditionalVAEClustering } from "./models/conditional-vae-clustering";
export type { ConditionalVAEClusteringOptions } from "./models/conditional-vae-clustering";
export { VaDE } from "./models/vade";
export type { VaDEOptions } from "./models/vade";
export { CoderAutoencoder } from "./networks/autoencoder";
export { ConvAutoencoder, ResidualAutoencoder } from "./models/conv-autoencoder";
export type { ConvAutoencoderOptions, ConvAutoencoderSettings } from "./models/conv-autoencoder";
export { HypercolumnSegmentation } from "./segmentation/hypercolumn-segmentation";
export type { HypercolumnSegmentationOptions } from "./segmentation/hypercolumn-segmentation";
export { middleObjects, objectCatalogue } from "./segmentation/catalogue";
export type { SegmentedImage, SegmentedObject } from "./segmentation/catalogue";
export type { ReconstructionOptions, ReconstructionSettings } from "./models/trained";
