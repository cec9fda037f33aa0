declare module "*.wasm" {
  /** A WebAssembly module in base64; of a family of kernels deflated. */
  const module: string;
  export default module;
}

declare module "wasm:*" {
  const family: import("./kernel").Family;
  export default family;
}
