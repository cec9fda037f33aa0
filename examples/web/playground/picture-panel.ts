// The picture: items in the plane, what is pointed at and selected there, and points that are drawn.
import { PlaneView } from "constella/report";
import { DRAWING_HINT, HINT, shownInWords } from "./messages";
import type { DataSummary, Frame, Plane } from "./protocol";
import { SelectionPanel } from "./selection-panel";
import { showThumbnail } from "./view/members";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** How things stand. */
export interface Pictured {
  readonly plane: Plane | undefined;
  readonly frame: Frame | undefined;
  readonly summary: DataSummary | undefined;
  /** Whether the plane is seen. */
  readonly seen: boolean;
  /** Whether a run goes on, or can go on. */
  readonly unfinished: boolean;
}

/** Who is told what. */
export interface PictureEvents {
  /** Another part of the plane is seen. */
  moved(): void;
  /** Points are about to be drawn, or no longer: the plane is to be seen. */
  wanted(): void;
  /** Points are drawn from now on, or no longer. */
  drawing(): void;
  /** These points are to be the data. */
  finished(xy: Float32Array<ArrayBuffer>): void;
}

/** The canvas of the plane and its controls. */
export class PicturePanel {
  readonly view: PlaneView;
  readonly #of: () => Pictured;
  readonly #canvas = element<HTMLCanvasElement>("plane");
  readonly #hint = element("hint");
  readonly #tip = element("tip");
  readonly #draw = element<HTMLButtonElement>("draw");
  readonly #colour = element<HTMLSelectElement>("colour");
  readonly #items = element<HTMLSelectElement>("items");
  readonly #shown = element<HTMLSelectElement>("view");
  readonly #selection: SelectionPanel;

  constructor(of: () => Pictured, events: PictureEvents) {
    this.#of = of;
    const canvas = this.#canvas;
    this.view = new PlaneView(canvas, {
      drawn: (count) => {
        element<HTMLButtonElement>("finish").disabled = count < 2;
        this.#hint.textContent = count === 0 ? DRAWING_HINT : `${count.toLocaleString("en")} points`;
      },
      selected: (items) => (this.#selection.items = items),
      moved: () => events.moved(),
    });
    this.#selection = new SelectionPanel(of, () => this.view.select([]));
    this.#items.addEventListener("change", () => this.#showPictures());
    const select = element<HTMLButtonElement>("select");
    select.addEventListener("click", () => {
      this.view.selecting = !this.view.selecting;
      select.setAttribute("aria-pressed", String(this.view.selecting));
      canvas.classList.toggle("selecting", this.view.selecting);
    });
    this.#draw.addEventListener("click", () => {
      events.wanted();
      this.#draws(!this.view.drawing);
      events.drawing();
      if (!this.view.drawing) return;
      this.view.clear();
      canvas.focus();
      canvas.setAttribute("aria-label", DRAWING_HINT);
    });
    element("finish").addEventListener("click", () => events.finished(this.view.drawn));
    element("clear").addEventListener("click", () => this.view.clear());
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => this.#point(undefined));
  }

  #draws(on: boolean): void {
    this.view.drawing = on;
    this.#draw.setAttribute("aria-pressed", String(on));
    element("brush").hidden = !on;
  }

  #showPictures(): void {
    this.view.thumbnails = this.#items.value === "pictures" ? this.#of().plane?.thumbnails : undefined;
  }

  #point(event: PointerEvent | undefined): void {
    const { plane, summary, frame } = this.#of();
    const item = !event || this.view.drawing ? -1 : this.view.itemAt(event);
    this.view.pick(item);
    this.#tip.hidden = item < 0 || !plane;
    if (!event || item < 0 || !plane) return;
    showThumbnail(this.#tip, plane, item, summary, frame);
    const right = event.offsetX > this.#canvas.clientWidth / 2;
    this.#tip.style.transform = `translate(${right ? "-100%" : "0"}, 0)`;
    this.#tip.style.left = `${event.offsetX + (right ? -12 : 12)}px`;
    this.#tip.style.top = `${event.offsetY + 8}px`;
  }

  /** Other data: nothing of those before is drawn or told any more. */
  data(): void {
    this.#draws(false);
    this.#tip.hidden = true;
    if (!this.#of().plane?.thumbnails) this.#items.value = "dots";
  }

  /** Other items are shown. */
  items(): void {
    this.#tip.hidden = true; // what it tells is of those before
    this.#showPictures();
  }

  /** Shows items as they stand; with `jump` they are others than before. */
  show(jump: boolean): void {
    const { plane, frame, seen } = this.#of();
    if (!plane) return;
    const moved = this.#shown.value === "embedding" ? frame?.xy : undefined;
    const groups = this.#colour.value === "truth" ? plane.truth : frame?.labels;
    const shares = this.#colour.value === "confidence" ? frame?.confidence : undefined;
    const centers = this.#colour.value === "cluster" && (moved || !frame?.xy) ? frame?.centers : undefined;
    this.view.show(
      { xy: moved ?? plane.xy, ...(groups && { groups }), ...(shares && { shares }), ...(centers && { centers }) },
      { jump },
    );
    const what = moved ? "The embedding" : "The data";
    const clusters = frame?.labels ? `, ${frame.sizes.filter((size) => size > 0).length} clusters` : "";
    this.#canvas.setAttribute("aria-label", `${what} in the plane: ${plane.rows.length} items${clusters}`);
    if (seen && !this.view.drawing) this.#hint.textContent = this.#words();
    this.#selection.show();
  }

  #words(): string {
    const { frame } = this.#of();
    const early = frame?.provisional ? "Colours: k-means of the codes so far, before the clustering. " : "";
    return `${shownInWords(this.#of())}${early}${HINT}`;
  }
}
