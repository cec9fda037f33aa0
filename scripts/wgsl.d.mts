/** A shader without comments and white space, its own names cut short; bindings, params and overrides keep theirs. */
export function minifyWgsl(code: string): string;

/** A minified shader with its commonest phrases in short, for `expandWgsl` of src/kernel.ts. */
export function abbreviateWgsl(code: string): string;
