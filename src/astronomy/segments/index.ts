export { slic } from "./slic";
export type { SLICOptions, SLICSettings, Superpixels } from "./slic";
export { SLIC } from "./slic-model";
export { painted, pixelItems, superpixelItems } from "./items";
export type { CubeItems } from "./items";
export { regionStatistics } from "./regions";
export type { RegionStatistics } from "./regions";
