// The picture: items in the plane on a canvas, moving from frame to frame, looked at more closely and selected; and a place to draw points in.
import { checkFlag } from "../../checks";
import { runAtOnce } from "../../event-loop";
import { Atlas } from "./atlas";
import { Camera } from "./camera";
import { DotLayer } from "./dot-layer";
import { endOfWork, goOn } from "./frames";
import { inside } from "./lasso";
import { Looking } from "./looking";
import { dotsOf, MANY, paintDrawing, paintItems, paintLasso } from "./paint";
import type { Inks, Selected, Shown } from "./paint";
import { cornersOf, PointGrid } from "./point-grid";
import { Surface } from "./surface";
import type { Thumbnails } from "./thumbnails";

const MOVE_MS = 320;
/** Pixels from the pointer within which an item is meant. */
const NEAR = 14;
/** Half the side of the square that points are drawn in. */
const DRAWING = 1.6;

const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Who is told what. */
export interface PlaneEvents {
  /** How many points are drawn, while they are. */
  drawn(count: number): void;
  /** The items inside the line that was drawn; none when it was taken back. */
  selected(items: readonly number[]): void;
  /** That another part of the plane is seen. */
  moved(): void;
}

/**
 * Draws items, lets them be looked at and selected, and takes points that are drawn. Up to 2,500 items move from where they were to where they are. More
 * are painted piece by piece, so that the page's thread is held for a few milliseconds of a frame: until a picture is done, the one before is shown,
 * as it is seen from where one looks now.
 */
export class PlaneView {
  readonly #canvas: HTMLCanvasElement;
  readonly #surface: Surface;
  readonly #camera: Camera;
  readonly #looking: Looking;
  readonly #events: PlaneEvents;
  #shown: Shown = { xy: new Float32Array(0) };
  /** Positions as they are drawn now: on the way from one frame to the next. */
  #xy: Float32Array = new Float32Array(0);
  #from: Float32Array = this.#xy;
  #begun = 0;
  #picked = -1;
  /** Where the positions lie, and the making of that. */
  #grid: PointGrid | undefined;
  #gridding = PointGrid.making(this.#xy);
  #atlas: Atlas | undefined;
  #selected: Selected | undefined;
  readonly #layer: DotLayer;
  /** The line that is being drawn around items. */
  #lasso: number[] | undefined;
  /** Points that are being drawn, or undefined. */
  #drawn: number[] | undefined;
  #cursor: readonly [number, number] | undefined;
  /** Whether a drag selects rather than moves. */
  selecting = false;

  constructor(canvas: HTMLCanvasElement, events: PlaneEvents) {
    this.#canvas = canvas;
    this.#events = events;
    this.#surface = new Surface(canvas, {
      resized: () => {
        if (this.#drawn) this.#fitDrawing();
        else this.#camera.fit(cornersOf(this.#shown.xy), true);
        this.#surface.request();
      },
      frame: (now) => this.#advance(now),
      paint: (context) => this.#paint(context),
    });
    this.#camera = new Camera(canvas);
    this.#layer = new DotLayer(canvas);
    this.#looking = new Looking(canvas, this.#camera, () => this.#look());
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#drag(event));
    for (const type of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(type, () => this.#up(type === "pointerup"));
    canvas.addEventListener("wheel", (event) => !this.#drawn && this.#looking.wheel(event), { passive: false });
    const keys = { "0": () => this.fit(), Escape: () => this.select([]) };
    canvas.addEventListener("keydown", (event) =>
      this.#drawn ? this.#drawKey(event) : this.#looking.key(event, keys),
    );
  }

  /**
   * Shows items. Those that were there move to where they are now, unless there are more than 2,500; where there are as many as before, they are taken
   * to be the same and stay selected. With `jump` they are others: all are seen, and none is selected.
   */
  show(shown: Shown, { jump = false } = {}): void {
    checkFlag("PlaneView", { jump });
    const before = this.#xy.length;
    const moves = !jump && before === shown.xy.length && before / 2 <= MANY && !still();
    this.#from = moves ? this.#xy.slice() : shown.xy;
    this.#xy = moves ? this.#from.slice() : shown.xy.slice();
    this.#shown = shown;
    this.#forgetGrid();
    this.#begun = performance.now();
    if (jump) {
      this.#camera.reset();
      this.#layer.clear();
      this.#events.moved();
    }
    if (jump || before !== shown.xy.length) {
      this.#picked = -1;
      this.select([]);
    }
    this.#camera.fit(cornersOf(shown.xy), !moves);
    this.#surface.request();
  }

  /** Shows items by their pictures, or as dots. */
  set thumbnails(thumbnails: Thumbnails | undefined) {
    this.#atlas = thumbnails && new Atlas(thumbnails);
    this.#surface.request();
  }

  /** Marks an item. */
  pick(item: number): void {
    if (item === this.#picked) return;
    this.#picked = item;
    this.#surface.request();
  }

  /** Selects items; none end the selection. */
  select(items: readonly number[]): void {
    if (items.length > 0) {
      const mask = new Uint8Array(this.#xy.length / 2);
      for (const item of items) mask[item] = 1;
      this.#selected = { items, mask };
    } else this.#selected = undefined;
    this.#events.selected(items);
    this.#surface.request();
  }

  /** Nearer or farther, by one step or a factor. */
  zoom(factor: number): void {
    this.#camera.zoom(factor);
    this.#look();
  }

  /** Shows all items again. */
  fit(): void {
    this.#camera.reset();
    this.#begun = performance.now();
    this.#look();
  }

  /** Whether another part of the plane is seen than all items. */
  get moved(): boolean {
    return this.#camera.moved;
  }

  /** The item at a place of the canvas, or −1; of those near by the nearest that is preferred, where there is one. */
  itemAt(
    { offsetX, offsetY }: { readonly offsetX: number; readonly offsetY: number },
    preferred?: (item: number) => boolean,
  ): number {
    const [x, y] = this.#camera.toPlane(offsetX, offsetY);
    return this.#placed().nearest(x, y, NEAR / this.#camera.transform.scale, preferred);
  }

  /** Begins or ends drawing. */
  set drawing(on: boolean) {
    this.#drawn = on ? [] : undefined;
    this.#cursor = undefined;
    this.#canvas.classList.toggle("drawing", on);
    if (on) this.#fitDrawing();
    this.#surface.request();
  }

  get drawing(): boolean {
    return this.#drawn !== undefined;
  }

  /** The points drawn so far. */
  get drawn(): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.#drawn ?? []);
  }

  /** Takes back what was drawn. */
  clear(): void {
    if (this.#drawn) this.#drawn = [];
    this.#events.drawn(0);
    this.#surface.request();
  }

  #look(): void {
    this.#events.moved();
    this.#surface.request();
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    if (this.#drawn) this.#spray(this.#camera.toPlane(event.offsetX, event.offsetY));
    else if (this.selecting || event.shiftKey) this.#lasso = [event.offsetX, event.offsetY];
    else if (!this.#looking.begin(event)) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.focus();
    event.preventDefault();
  }

  #drag(event: PointerEvent): void {
    if ((event.buttons & 1) === 0) return;
    const [x, y] = [event.offsetX, event.offsetY];
    if (this.#drawn) this.#spray(this.#camera.toPlane(x, y));
    else if (this.#lasso) {
      this.#lasso.push(x, y);
      this.#surface.request();
    } else if (!this.#looking.drag(event)) return;
    event.preventDefault();
  }

  #up(done: boolean): void {
    const line = this.#lasso;
    this.#lasso = undefined;
    this.#looking.end();
    if (!line) return;
    const around: number[] = [];
    for (let i = 0; i < line.length; i += 2) around.push(...this.#camera.toPlane(line[i]!, line[i + 1]!));
    this.select(done && line.length > 4 ? inside(around, this.#placed()) : []);
  }

  #spray([x, y]: readonly [number, number]): void {
    for (let i = 0; i < 7; i++) {
      const [radius, angle] = [0.09 * Math.sqrt(-2 * Math.log(1 - Math.random())), 2 * Math.PI * Math.random()];
      this.#drawn!.push(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    this.#events.drawn(this.#drawn!.length / 2);
    this.#surface.request();
  }

  /** Arrows move a cursor, space and enter draw at it. */
  #drawKey(event: KeyboardEvent): void {
    const [x, y] = this.#cursor ?? [0, 0];
    const step = event.shiftKey ? 0.3 : 0.08;
    const moves: Record<string, readonly [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
    };
    const move = moves[event.key];
    if (move) {
      const within = (value: number): number => Math.max(-DRAWING, Math.min(DRAWING, value));
      this.#cursor = [within(x + move[0]), within(y + move[1])];
    } else if (event.key === " " || event.key === "Enter") this.#spray((this.#cursor ??= [x, y]));
    else return;
    event.preventDefault();
    this.#surface.request();
  }

  #fitDrawing(): void {
    this.#camera.reset();
    this.#camera.fit([-DRAWING, DRAWING, -DRAWING, DRAWING], true);
  }

  #forgetGrid(): void {
    this.#grid = undefined;
    this.#gridding = PointGrid.making(this.#xy);
  }

  /** Where the items lie; what is not done of it yet is done now. */
  #placed(): PointGrid {
    if (!this.#grid) this.#grid = runAtOnce(this.#gridding);
    return this.#grid;
  }

  /** Items and camera on their way, and what is done piece by piece; whether they have not arrived, or there is more to do. */
  #advance(now: number): boolean {
    const share = Math.min(1, (performance.now() - this.#begun) / MOVE_MS);
    const { xy } = this.#shown;
    if (this.#from !== xy && this.#from.length === xy.length) {
      const eased = 1 - (1 - share) ** 3;
      for (let i = 0; i < xy.length; i++) this.#xy[i] = this.#from[i]! + (xy[i]! - this.#from[i]!) * eased;
      if (share === 1) this.#from = xy;
      this.#forgetGrid();
    }
    this.#camera.advance(share < 1 ? 0.25 : 1);
    return this.#work(endOfWork(now)) || share < 1;
  }

  /** Goes on with the picture of many dots, then with what is needed to point at them, and with the small pictures; whether there is more to do. */
  #work(end: number): boolean {
    if (this.#drawn) return false;
    if (this.#xy.length / 2 > MANY) {
      const inks = this.#inks();
      const wanted = { xy: this.#xy, looks: [this.#shown, this.#selected, inks.muted] };
      const looks = { xy: this.#xy, shown: this.#shown, selected: this.#selected, camera: this.#camera, inks };
      if (this.#layer.advance(this.#camera, wanted, () => dotsOf(looks), end)) return true;
      if (!this.#grid) {
        const { done, value } = goOn(this.#gridding, end);
        if (!done) return true;
        this.#grid = value;
      }
    }
    return this.#atlas?.advance(end) ?? false;
  }

  #inks(): Inks {
    const style = getComputedStyle(this.#canvas);
    const [ink, muted, paper, accent] = ["--ink", "--muted", "--paper", "--accent"].map((name) =>
      style.getPropertyValue(name),
    ) as [string, string, string, string];
    return { ink, muted, paper, accent, font: style.fontFamily };
  }

  #paint(context: CanvasRenderingContext2D): void {
    const inks = this.#inks();
    if (this.#drawn) {
      const drawing = { points: this.#drawn, cursor: this.#cursor, half: DRAWING };
      return paintDrawing(context, this.#camera, inks, drawing);
    }
    paintItems({
      ...{ context, camera: this.#camera, inks, xy: this.#xy, shown: this.#shown },
      ...{ atlas: this.#atlas, selected: this.#selected, picked: this.#picked, layer: this.#layer },
    });
    if (this.#atlas?.lacks) this.#surface.request(); // which come in the next frames
    if (this.#lasso) paintLasso(context, this.#lasso, inks);
  }
}
