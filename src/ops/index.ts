export * from "./elementwise";
export * from "./reduce";
export * from "./shape";
