declare module "*.wgsl" {
  const source: import("./kernel").KernelSource;
  export default source;
}

declare module "*.packed" {
  /** WebAssembly modules one after the other, packed by scripts/lzma.mjs, in base64; and their sizes. */
  const modules: { readonly sizes: readonly number[]; readonly data: string };
  export default modules;
}
