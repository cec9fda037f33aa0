const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** HTML that is already safe to insert: made by {@link html}, never from a user's text. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in an {@link html} template: text is escaped, markup is not, nothing is nothing. */
export type Content = string | number | Markup | null | undefined | false | readonly Content[];

/** Escapes text for element content and for quoted attributes. Control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replace(/[^\t\n\r\x20-\x7e\x80-\uffff]|[\x80-\x9f]/g, "\ufffd");
}

/** Marks a string as safe markup: only for what this library or the DOM's own serialiser made. */
export const trusted = (text: string): Markup => new Markup(text);

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(render).join("");
  return escapeHtml(String(content));
}

/**
 * Template of HTML whose every interpolation is escaped unless it is {@link Markup}. Attributes must be quoted. Indentation of the template
 * itself is dropped, that of the interpolations (a command in a `pre`) is kept.
 */
export function html(strings: TemplateStringsArray, ...contents: Content[]): Markup {
  return new Markup(
    strings.reduce(
      (text, part, index) => text + (index > 0 ? render(contents[index - 1]) : "") + part.replace(/\s*\n\s*/g, "\n"),
      "",
    ),
  );
}
