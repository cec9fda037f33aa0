export * from "./dec";
export * from "./kmeans";
