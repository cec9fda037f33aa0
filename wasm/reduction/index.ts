export * from "./arg-extremum";
export * from "./chunk-reduce";
export * from "./reduce";
