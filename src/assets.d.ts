declare module "*.wasm" {
  /** A WebAssembly module in base64; of a family of kernels deflated. */
  const module: string;
  export default module;
}

declare module "wasm:*" {
  const family: import("./kernel").Family;
  export default family;
}

declare module "*.script" {
  /** A script that stands in a page, of the TypeScript file of that name: its text, and its hash as a content security policy has it. */
  const script: { readonly text: string; readonly hash: string };
  export default script;
}
