/**
 * Deep clustering in several steps: networks whose codes are placed and clustered by what other entries hold.
 * @module constella/deep
 */
export { N2D } from "../models/n2d";
export type { N2DOptions } from "../models/n2d";
