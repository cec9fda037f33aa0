declare module "*.wgsl" {
  const source: import("./kernel").KernelSource;
  export default source;
}

declare module "*.packed" {
  /** A WebAssembly module packed by scripts/lzma.mjs, in base64; and its size. */
  const module: { readonly size: number; readonly data: string };
  export default module;
}
