export * from "./cross-entropy";
export * from "./elementwise";
export * from "./pairwise";
