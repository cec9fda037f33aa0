declare module "*.wgsl" {
  const declaration: import("./kernel").Declaration;
  export default declaration;
}

declare module "*.wasm" {
  /** The module's bytes, base64. */
  const bytes: string;
  export default bytes;
}
