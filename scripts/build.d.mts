export const root: string;
/** Compiles and packs the WebAssembly modules whose sources changed. */
export function buildWasm(): Promise<void>;
/** Builds what the package holds, when its sources changed. */
export function buildDist(): Promise<void>;
