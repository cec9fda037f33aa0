/** Builds the pages of examples/web into build/pages, when their sources changed. */
export function buildPages(): Promise<void>;
/** Builds and serves the pages. */
export function servePages(options?: {
  port?: number;
  open?: boolean;
}): Promise<{ url: string; close: () => Promise<void> }>;
