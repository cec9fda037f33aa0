/** A shader without comments and white space, its own names cut short; bindings, params and overrides keep theirs. */
export function minifyWgsl(code: string): string;
