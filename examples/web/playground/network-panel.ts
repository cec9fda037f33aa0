// What a network gives back of the items, and what lies along its first unit.
import type { NetworkView, Request } from "./protocol";
import { paintThumbnails as paint, type Thumbnails } from "constella/report";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** The panel under the charts; without a network it is not there. */
export class NetworkPanel {
  readonly #section = element("network-section");
  readonly #given = element<HTMLCanvasElement>("network-given");
  readonly #back = element<HTMLCanvasElement>("network-back");
  readonly #unit = element<HTMLInputElement>("network-unit");
  readonly #value = element<HTMLOutputElement>("network-value");
  readonly #decoded = element<HTMLCanvasElement>("network-decoded");
  readonly #ask: (request: Request) => void;
  /** Whether a picture is under way; the latest value is asked for when it is there. */
  #busy = false;
  #wanted: number | undefined;

  constructor(ask: (request: Request) => void) {
    this.#ask = ask;
    this.#unit.addEventListener("input", () => this.#traverse(Number(this.#unit.value)));
  }

  /** Shows a network, or hides the panel. */
  show(network: NetworkView | undefined): void {
    this.#section.hidden = network === undefined;
    this.#busy = false;
    this.#wanted = undefined;
    if (!network) return;
    const { given, back, unit } = network;
    for (const [canvas, pictures] of [[this.#given, given], [this.#back, back]] as const)
      paint(canvas, pictures, Array.from({ length: pictures.pixels.length / (pictures.height * pictures.width) }, (_, i) => i), 8); // prettier-ignore
    element("network-traversal").hidden = unit === undefined;
    if (!unit) return;
    Object.assign(this.#unit, {
      min: String(unit.low),
      max: String(unit.high),
      step: String((unit.high - unit.low) / 200),
    });
    this.#unit.value = String((unit.low + unit.high) / 2);
    this.#traverse(Number(this.#unit.value));
  }

  /** A picture that was asked for. */
  decoded(picture: Thumbnails | undefined): void {
    this.#busy = false;
    if (picture) paint(this.#decoded, picture, [0], 1);
    const next = this.#wanted;
    this.#wanted = undefined;
    if (next !== undefined) this.#traverse(next);
  }

  #traverse(value: number): void {
    this.#value.value = value.toPrecision(3);
    if (this.#busy) {
      this.#wanted = value;
      return;
    }
    this.#busy = true;
    this.#ask({ type: "traverse", value });
  }
}
