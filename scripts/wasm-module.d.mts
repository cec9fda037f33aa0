/** What a module imports. */
export function importsOf(module: Uint8Array): { readonly module: string; readonly name: string }[];

/** Names of what a module exports. */
export function exportsOf(module: Uint8Array): string[];

/** Where a module's constants lie in memory. */
export function constantsOf(module: Uint8Array): { readonly begin: number; readonly end: number }[];
