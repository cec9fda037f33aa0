export { GALAXY_CLASSES, M83_FILTERS, simulateGalaxy } from "./galaxy";
export type { GalaxyFilter, GalaxyOptions, SimulatedGalaxy } from "./galaxy";
