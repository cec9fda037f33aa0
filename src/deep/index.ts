/**
 * Deep clustering in several steps, or on networks of images: codes that are placed and clustered by what other entries hold, convolutional encoders under
 * DEC, IDEC and N2D, codes that keep to the centres of k-means, and clusters that merge until a test says that they are several.
 * @module constella/deep
 */
export { ConvDEC, ConvIDEC, ConvN2D } from "../models/embedded/conv-clustering";
export type {
  ConvCoderOptions,
  ConvDECOptions,
  ConvIDECOptions,
  ConvN2DOptions,
} from "../models/embedded/conv-clustering";
export { DCN } from "../models/embedded/dcn";
export type { DCNOptions } from "../models/embedded/dcn";
export { DipDECK } from "../models/embedded/dipdeck";
export type { DipDECKOptions } from "../models/embedded/dipdeck";
export type { DipMerge } from "../models/embedded/dip-clusters";
export { N2D } from "../models/embedded/n2d";
export type { N2DOptions } from "../models/embedded/n2d";
export type { PlacedCodesOptions } from "../models/autoencoder/placed-codes";
