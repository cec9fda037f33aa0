/** How `.wgsl` and `.wasm` imports become modules, for vite and vitest. */
export function vitePlugin(): import("vite").Plugin;
