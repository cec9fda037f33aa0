/** Names of `a_b` form that a module exports, and short ones for them. */
export function shortNames(module: Uint8Array<ArrayBuffer>): Record<string, string>;

/** The module with its exports called by other names. */
export function renameExports(module: Uint8Array, names: Record<string, string>): Uint8Array<ArrayBuffer>;
