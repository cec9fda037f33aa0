/**
 * Astronomy: FITS files in and out, world coordinates, bands of one sky brought onto one grid, superpixels.
 * @module constella/astronomy
 */

export * from "./fits";
export * from "./sky";
export * from "./bands";
export * from "./segments";
export { BandPCA } from "./pca-cube";
export type { BandPCAOptions } from "./pca-cube";
export { covarianceOf, mergeMoments } from "../cluster/pca/moments";
export type { Moments } from "../cluster/pca/moments";
export * from "./prepare";
export * from "./simulation";
