export { BANDS, renderSource } from "./render";
export type { SourceShape } from "./render";
export { GALAXY, simulateStarsGalaxies, SKY_SIGMA, STAMP_COLUMNS, STAR } from "./simulate";
export type { StampColumn, StarGalaxyOptions, StarGalaxyStamps } from "./simulate";
export { FIELD_COLUMNS, simulateStarGalaxyField } from "./field";
export type { FieldColumn, StarGalaxyField, StarGalaxyFieldOptions } from "./field";
