// What every page is held against, and how it is driven.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";

const PICTURES = "out/pages";

/** How a page is looked at. */
export interface Look {
  readonly dark?: boolean;
  readonly phone?: boolean;
}

/** A page with what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, failures, and addresses outside the page's own origin. */
  readonly problems: string[];
}

/** Opens a page and notes what goes wrong on it. */
export async function openPage(
  browser: Browser,
  url: string,
  { dark = false, phone = false }: Look = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 900 },
    colorScheme: dark ? "dark" : "light",
    ...(phone && { deviceScaleFactor: 2, hasTouch: true, isMobile: true }),
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(150_000); // a software adapter compiles the kernels in half a minute on a busy machine
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    if (!reason.includes("ERR_ABORTED")) problems.push(`failed: ${request.url()}, ${reason}`); // aborted: the page was left
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(url).origin)
      problems.push(`left the machine: ${request.url()}`);
  });
  await page.goto(url);
  return { page, problems };
}

/**
 * Saves a picture of the whole page where a person can look at it. While Chromium starts its process for graphics anew (tests crash it, kernels can
 * keep it busy) there is no frame to copy, and it says `Unable to capture screenshot`: the next frame is waited for and the picture taken again.
 */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  for (let attempt = 1; ; attempt++)
    try {
      await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
      return;
    } catch (error) {
      if (attempt === 5 || !String(error).includes("Unable to capture screenshot")) throw error;
      await page.waitForTimeout(1000);
    }
}

/** Waits until the playground has come so far. */
export const reach = (page: Page, state: "ready" | "stopped" | "done"): Promise<unknown> =>
  page.waitForSelector(`html[data-state=${state}]`);

/** Downloads what the playground offers by that name. */
export const save = (page: Page, what: string): ReturnType<typeof download> =>
  download(page, page.locator(`[data-save="${what}"]`));

/** Clicks on Start, and waits for the end of the run that this begins, which may be over before anybody looks. */
export async function runFromStart(page: Page): Promise<void> {
  const run = await page.evaluateHandle(() => ({
    ended: new Promise<void>((resolve) =>
      new MutationObserver((changes) => changes.some(({ oldValue }) => oldValue === "running") && resolve()).observe(
        document.documentElement,
        { attributeFilter: ["data-state"], attributeOldValue: true },
      ),
    ),
  }));
  await page.click("#start");
  await run.evaluate(({ ended }) => ended);
}

/** Clicks and returns the file that is downloaded. */
export async function download(page: Page, button: Locator): Promise<{ name: string; bytes: Uint8Array }> {
  const [file] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: file.suggestedFilename(), bytes: new Uint8Array(await readFile(await file.path())) };
}

/** Drops files on the page as from a file manager. */
export async function dropFiles(page: Page, files: readonly { name: string; bytes: Uint8Array }[]): Promise<void> {
  const encoded = files.map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString("base64") }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, text } of list)
      data.items.add(new File([Uint8Array.from(atob(text), (character) => character.charCodeAt(0))], name));
    return data;
  }, encoded);
  await page.dispatchEvent("body", "dragover", { dataTransfer: transfer });
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

/**
 * What assistive technology, a finger or a search engine would miss: controls without a name or too small to hit, images without a text, headings
 * that skip a level, a page without title, description, language or main part, or one that cannot be enlarged.
 */
export function labelProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const describe = (element: Element): string => element.outerHTML.slice(0, 100);
    const nameOf = (element: Element): string => {
      const ids = element.getAttribute("aria-labelledby");
      if (ids)
        return ids
          .split(/\s+/)
          .map((id) => document.getElementById(id)?.textContent ?? "")
          .join(" ");
      const own = element.getAttribute("aria-label");
      if (own) return own;
      if (
        element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLTextAreaElement
      )
        return [...(element.labels ?? [])].map((label) => label.textContent).join(" ");
      return element.textContent ?? "";
    };
    for (const element of document.querySelectorAll(
      "input, select, textarea, button, a[href], summary, progress, [tabindex], [role=img], [role=region]",
    ))
      if (nameOf(element).trim() === "") problems.push(`no name: ${describe(element)}`);
    for (const element of document.querySelectorAll("[aria-describedby], [aria-labelledby], label[for]"))
      for (const id of `${element.getAttribute("aria-describedby") ?? ""} ${element.getAttribute("aria-labelledby") ?? ""} ${element.getAttribute("for") ?? ""}`
        .trim()
        .split(/\s+/))
        if (!document.getElementById(id)) problems.push(`points at nothing: ${describe(element)}`);
    for (const image of document.querySelectorAll("img:not([alt])")) problems.push(`no text: ${describe(image)}`);
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) problems.push(`id twice: ${id}`);
    if (document.querySelectorAll("h1").length !== 1) problems.push("not exactly one h1");
    const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(({ tagName }) => Number(tagName[1]));
    levels.forEach(
      (level, i) => level > (levels[i - 1] ?? 0) + 1 && problems.push(`h${level} after h${levels[i - 1] ?? 0}`),
    );
    for (const element of document.querySelectorAll("button, select, summary, input, textarea")) {
      const { width, height } = (element.closest("label") ?? element).getBoundingClientRect();
      if (element.checkVisibility() && (width < 24 || height < 24))
        // WCAG 2.2, 2.5.8
        problems.push(`small, ${width.toFixed(0)} × ${height.toFixed(0)}: ${describe(element)}`);
    }
    for (const text of document.querySelectorAll<SVGTextElement>("svg text")) {
      const pixels = Number.parseFloat(getComputedStyle(text).fontSize) * (text.getScreenCTM()?.d ?? 1);
      if (text.checkVisibility() && pixels < 8.5) problems.push(`${pixels.toFixed(1)} pixels: ${text.textContent}`);
    }
    if (document.title.trim() === "") problems.push("no title");
    const meta = (name: string): string => document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? "";
    if (meta("description") === "") problems.push("no description");
    if (!/width=device-width/.test(meta("viewport")) || /user-scalable|maximum-scale/.test(meta("viewport")))
      problems.push(`viewport: ${meta("viewport")}`);
    if (!document.documentElement.lang) problems.push("no language");
    if (!document.querySelector("main")) problems.push("no main");
    if (document.documentElement.scrollWidth > innerWidth + 1)
      problems.push(`wider than the screen: ${document.documentElement.scrollWidth} of ${innerWidth}`);
    return problems;
  });
}

/** Text whose contrast with what is behind it is less than WCAG 2.2 asks for at level AA: 4.5, or 3 for large text. */
export function contrastProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = [number, number, number, number];
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    const parse = (text: string): Colour => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = text;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data as unknown as Colour;
      return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a]: Colour, [x, y, z]: Colour): Colour => [
      r * a + x * (1 - a),
      g * a + y * (1 - a),
      b * a + z * (1 - a),
      1,
    ];
    const behind = (element: Element | null): Colour => {
      if (!element) return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
      const own = parse(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, behind(element.parentElement));
    };
    const luminance = (colour: Colour): number =>
      [0.2126, 0.7152, 0.0722].reduce((sum, weight, c) => {
        const value = colour[c]! / 255;
        return sum + weight * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
      }, 0);
    const problems = new Set<string>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement!;
      const text = node.textContent!.trim();
      if (text === "" || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (["SCRIPT", "STYLE", "OPTION"].includes(element.tagName)) continue;
      const style = getComputedStyle(element);
      const svg = element instanceof SVGElement;
      const back = behind(svg ? element.closest("svg")!.parentElement : element);
      const colour = over(parse(svg ? style.fill : style.color), back);
      const [light, dark] = [luminance(colour), luminance(back)].sort((a, b) => b - a) as [number, number];
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5))
        problems.add(`${ratio.toFixed(2)}: ${text.slice(0, 40)} (${element.tagName} ${element.className.toString()})`);
    }
    return [...problems];
  });
}
