export { openBands } from "./band";
export type { OpenedBands, OpenOptions } from "./band";
export { prepareBands } from "./prepare";
export type { PreparedCube, PrepareOptions, PrepareProgress } from "./prepare";
export { BandSummaries, limitsOf, NORMALIZATIONS, normalizeRows, summarize } from "./normalize";
export type { BandSummary, LimitOptions, Normalization } from "./normalize";
export { filterOf, FLUX_UNITS, fluxFactor, wavelengthOf } from "./units";
export type { FluxUnit } from "./units";
export { withoutBackground } from "./subtract";
