/** Headers that make a page cross-origin isolated. */
export const ISOLATED: Readonly<Record<string, string>>;
/** Serves a folder on a free port of this machine. */
export function serve(
  folder: string,
  headers?: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; close(): void }>;
