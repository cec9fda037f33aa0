// The kernels of the WASM device: one export per kernel, named as its .wgsl file.
export function placeholder(): void {}
