// The picture: items in the plane, what is pointed at and selected there, and points that are drawn.
import { PlaneView } from "constella/report";
import { isLayout, LAYOUTS, type LayoutName } from "./layouts";
import { DRAWING_HINT, forget, HINT, layoutInWords, shownInWords } from "./messages";
import type { Answer, DataSummary, Frame, Layout, Plane, RunState } from "./protocol";
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
  /** Where the run stands. */
  readonly state: RunState | "empty" | "ready";
}

/** Who is told what. */
export interface PictureEvents {
  /** Another part of the plane is seen. */
  moved(): void;
  /** Points are about to be drawn, or no longer: the plane is to be seen. */
  wanted(): void;
  /** Points are drawn from now on, or no longer. */
  drawing(): void;
  /** A layout is wanted that is not there. */
  layout(name: LayoutName): void;
  /** These points are to be the data. */
  finished(xy: Float32Array<ArrayBuffer>): void;
}

/** The canvas of the plane and its controls. */
export class PicturePanel {
  readonly view: PlaneView;
  readonly #of: () => Pictured;
  readonly #events: PictureEvents;
  readonly #canvas = element<HTMLCanvasElement>("plane");
  readonly #hint = element("hint");
  readonly #tip = element("tip");
  readonly #draw = element<HTMLButtonElement>("draw");
  readonly #colour = element<HTMLSelectElement>("colour");
  readonly #items = element<HTMLSelectElement>("items");
  readonly #shown = element<HTMLSelectElement>("view");
  readonly #selection: SelectionPanel;
  /** What was asked for of the run: how much of it is done, or what is there. */
  readonly #layouts = new Map<LayoutName, number | Layout | "failed">();

  constructor(of: () => Pictured, events: PictureEvents) {
    [this.#of, this.#events] = [of, events];
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

  /** A run begins, or other data are there: layouts are of what was. */
  begins(): void {
    this.#layouts.clear();
    forget("view");
  }

  /** A layout, or how far it has come. */
  layout({ name, share, layout }: Extract<Answer, { type: "layout" }>): void {
    if (!this.#layouts.has(name)) return; // of a run before
    this.#layouts.set(name, layout ?? share);
    if (this.#wanted !== name) return;
    if (layout) this.show(false);
    else this.#tell();
  }

  /** The layout that was computed cannot be had. */
  layoutFailed(): void {
    for (const [name, known] of this.#layouts) if (typeof known === "number") this.#layouts.set(name, "failed");
    this.#tell();
  }

  /** The layout that is to be seen. */
  get #wanted(): LayoutName | undefined {
    return isLayout(this.#shown.value) ? this.#shown.value : undefined;
  }

  /** What is there of it; a run that is done is asked for it. */
  #laidOut(): Layout | undefined {
    const name = this.#wanted;
    const { state, frame } = this.#of();
    if (!name || state !== "done" || !frame) return undefined; // other data come without a frame
    const known = this.#layouts.get(name);
    if (known !== undefined) return typeof known === "object" ? known : undefined;
    for (const [other, its] of this.#layouts) if (typeof its !== "object") this.#layouts.delete(other); // this one ends it
    this.#layouts.set(name, 0);
    forget("view");
    this.#events.layout(name);
    return undefined;
  }

  /** Other data: nothing of those before is drawn or told any more. */
  data(): void {
    this.begins();
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
    const { plane, frame } = this.#of();
    if (!plane) return;
    const layout = this.#laidOut();
    const moved = layout?.xy ?? (this.#shown.value === "data" ? undefined : frame?.xy);
    const groups = this.#colour.value === "truth" ? plane.truth : frame?.labels;
    const shares = this.#colour.value === "confidence" ? frame?.confidence : undefined;
    const own = moved || !frame?.xy ? frame?.centers : undefined;
    const centers = this.#colour.value === "cluster" ? (layout ? layout.centers : own) : undefined;
    this.view.show(
      { xy: moved ?? plane.xy, ...(groups && { groups }), ...(shares && { shares }), ...(centers && { centers }) },
      { jump },
    );
    const what = layout ? LAYOUTS[this.#wanted!] : moved ? "The embedding" : "The data";
    const clusters = frame?.labels ? `, ${frame.sizes.filter((size) => size > 0).length} clusters` : "";
    this.#canvas.setAttribute("aria-label", `${what} in the plane: ${plane.rows.length} items${clusters}`);
    this.#tell();
    this.#selection.show();
  }

  /** Says what is seen, and what can be done with it. */
  #tell(): void {
    const { frame, seen } = this.#of();
    if (!seen || this.view.drawing) return;
    const name = this.#wanted;
    const known = name && this.#layouts.get(name);
    const awaited =
      name && (known === undefined || typeof known === "number") ? layoutInWords(LAYOUTS[name], known) : "";
    const early = frame?.provisional ? "Colours: k-means of the codes so far, before the clustering. " : "";
    this.#hint.textContent = `${awaited}${shownInWords(this.#of())}${early}${HINT}`;
  }
}
