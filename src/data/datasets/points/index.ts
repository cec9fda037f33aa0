export { generatePoints } from "./generate";
export type { GeneratePointsOptions, LabelledPoints } from "./generate";
export { PointsProvider, standardizePoints } from "./provider";
export type { PointsProviderOptions } from "./provider";
