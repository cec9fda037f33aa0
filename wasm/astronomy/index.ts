export * from "./blur";
export * from "./resample";
