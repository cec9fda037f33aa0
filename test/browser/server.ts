import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchChromium } from "../../scripts/runtimes/browser.mjs";
import { servePages } from "../../scripts/playground.mjs";

/** The built pages behind a server, and a browser, while the tests of pages.test.ts run. */
export const pages = {} as { browser: Browser; url: string };

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
