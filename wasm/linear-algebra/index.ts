export * from "./distance";
export * from "./matmul";
export * from "./principal-axes";
