import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchChromium } from "../../scripts/browser.mjs";
import { servePages } from "../../scripts/playground.mjs";

/** The built pages behind a server, and a browser, for the tests of a file. */
export interface Pages {
  browser: Browser;
  url: string;
}

/** Serves the pages and starts Chromium before the tests of the file, and ends both after them. */
export function withPages(): Pages {
  const pages = {} as Pages;
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const server = await servePages({ port: 0 });
    close = server.close;
    pages.url = server.url;
    pages.browser = await launchChromium();
  });
  afterAll(async () => {
    await pages.browser?.close();
    await close?.();
  });
  return pages;
}
