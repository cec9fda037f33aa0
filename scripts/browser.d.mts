import type { Browser } from "playwright-core";

/** Headers that make a page cross-origin isolated. */
export const ISOLATED: Readonly<Record<string, string>>;
/** Serves a folder on a free port of this machine. */
export function serve(
  folder: string,
  headers?: Readonly<Record<string, string>>,
): Promise<{ readonly url: string; close(): void }>;
/** Starts Chromium without a window: the one on PATH, else npm's. */
export function launchChromium(options?: { packaged?: boolean; args?: readonly string[] }): Promise<Browser>;
