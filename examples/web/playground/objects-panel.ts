// The objects that a field was cut into: a table, of which each leads to its place in the image, and what comes of them.
import type { FieldObjects, Request } from "./protocol";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** Columns of `objects.csv` as a reader has them. */
const TITLES: Readonly<Record<string, string>> = {
  ...{ object: "Object", x: "x", y: "y", ra: "RA, °", dec: "Dec, °", pixels: "Pixels", arcsec2: "Area, arcsec²" },
  ...{ glon: "l, °", glat: "b, °", elon: "λ, °", elat: "β, °" },
};
const DEGREES = new Set(["ra", "dec", "glon", "glat", "elon", "elat"]);

const titleOf = (column: string): string => TITLES[column] ?? column.replace(/^flux_/, "Flux in ");

/** A number of the table. */
function shown(column: string, value: number): string {
  if (column === "pixels") return value.toLocaleString("en");
  if (DEGREES.has(column)) return value.toFixed(5);
  return column === "x" || column === "y" ? value.toFixed(1) : String(Number(value.toPrecision(4)));
}

/** The section below the charts; before a field is cut into objects it is not there. */
export class ObjectsPanel {
  readonly #section = element("objects-section");
  readonly #table = element<HTMLTableElement>("objects");
  readonly #go: (x: number, y: number) => void;

  /** @param go shows a place of the image */
  constructor(ask: (request: Request) => void, go: (x: number, y: number) => void) {
    this.#go = go;
    element("objects-stamps").addEventListener("click", () => ask({ type: "stamps" }));
  }

  /** Shows objects, or hides the panel. */
  show(objects: FieldObjects | undefined): void {
    for (const own of [this.#section, ...document.querySelectorAll<HTMLElement>("[data-objects]")])
      own.hidden = objects === undefined;
    this.#table.replaceChildren();
    if (!objects) return;
    const { columns, values, pixels, total } = objects;
    const count = pixels.length / 2;
    element("objects-text").textContent =
      total === 0
        ? "None was found: try other numbers of clusters, or other options."
        : `${total.toLocaleString("en")} ${total === 1 ? "object" : "objects"} of five pixels and more${count < total ? `; the first ${count} are listed, objects.csv has all` : ""}. Click at one, in the table or in the image, for its stamp.`;
    const head = this.#table.createTHead().insertRow();
    for (const column of total > 0 ? columns : []) {
      const cell = Object.assign(document.createElement("th"), { scope: "col", textContent: titleOf(column) });
      head.append(cell);
    }
    const body = this.#table.createTBody();
    for (let i = 0; i < count; i++) {
      const row = body.insertRow();
      columns.forEach((column, at) => {
        const value = values[i * columns.length + at]!;
        if (at > 0) return void (row.insertCell().textContent = shown(column, value));
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: String(value) });
        button.setAttribute("aria-label", `Object ${value} in the image`);
        button.addEventListener("click", () => this.#go(pixels[2 * i]!, pixels[2 * i + 1]!));
        const name = Object.assign(document.createElement("th"), { scope: "row" });
        name.append(button);
        row.append(name);
      });
    }
  }
}
