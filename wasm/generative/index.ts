export * from "./bures";
export * from "./sort";
