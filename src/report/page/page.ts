import { html, trusted, type Content, type Markup } from "./markup";
import { STYLE } from "./style";

/** A section of a page; one without a body is left out. */
export interface PageSection {
  /** Its address in the page. */
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

/** What a page shows. */
export interface Page {
  /** Shown in the browser's title bar. */
  readonly title: string;
  /** What stands above the list of sections. */
  readonly header: Content;
  readonly sections: readonly PageSection[];
  /** A script of this library, the only one that the page may run. */
  readonly script?: PageScript | undefined;
}

/** A script that stands in a page. */
export interface PageScript {
  readonly text: string;
  /** As a content security policy names it: `sha256-…`. */
  readonly hash: string;
}

/**
 * One HTML file: no address outside the file and no script but the given one (its own content security policy forbids both), every text escaped. The
 * same contents give the same bytes.
 */
export function renderPage({ title, header, sections, script }: Page): string {
  const shown = sections.filter(({ body }) => body !== undefined && body !== null && body !== false);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'${script && `; script-src '${script.hash}'`}"
        />
        <meta name="generator" content="constella" />
        <title>${title}</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <header>
          ${header}
          <nav aria-label="Sections">${shown.map(({ id, title }) => html`<a href="#${id}">${title}</a> `)}</nav>
        </header>
        <main>
          ${shown.map(
            ({ id, title, body }) =>
              html`<section id="${id}">
                <h2>${title}</h2>
                ${body}
              </section>`,
          )}
        </main>
        ${script && trusted(`<script>${script.text}</script>`)}
      </body>
    </html>`.text;
}

/** The head of a study's page: title, a sentence on what it is, and who made it when with what. */
export function studyHeader(title: string, lead: string, byline: string): Markup {
  return html`<h1>${title}</h1>
    <p class="lead">${lead}</p>
    <p class="byline">${byline}</p>`;
}
