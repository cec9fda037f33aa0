// An image of the sky on a canvas: three bands in colour, the clusters over them, and the border of what was clicked at.
import type { SkyBox, SkyPicture, SkyTile } from "../protocol";
import { Camera, Looking, Surface } from "constella/report";

/** What of the image is shown. */
export type SkyLayer = "both" | "clusters" | "composite" | "objects";

/** Pixels of the screen that a pointer may move in a click. */
const CLICK = 4;
/** After so long without a move what is seen is asked for in all its pixels. */
const REST_MS = 160;
/** Opacity of the clusters over the image. */
const OVER = 0.55;

/** Who is told what. */
export interface SkyEvents {
  /** A pixel that was clicked at. */
  picked(x: number, y: number): void;
  /** That another part of the image is seen. */
  moved(): void;
  /** A part of the image is seen so near that its pixels are wanted, this many at most a side. */
  wanted(box: SkyBox, most: number): void;
}

/** Draws an image, and lets it be looked at closely and clicked at. Row 0 is at the bottom. */
export class SkyView {
  readonly #canvas: HTMLCanvasElement;
  readonly #surface: Surface;
  readonly #camera: Camera;
  readonly #looking: Looking;
  readonly #events: SkyEvents;
  #box: SkyBox | undefined;
  #composite: SkyPicture | undefined;
  #clusters: SkyPicture | undefined;
  #tile: SkyTile | undefined;
  #border: SkyPicture | undefined;
  #outlines: SkyPicture | undefined;
  #layer: SkyLayer = "both";
  #begun: readonly [number, number] | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement, events: SkyEvents) {
    [this.#canvas, this.#events] = [canvas, events];
    this.#surface = new Surface(canvas, {
      resized: () => this.#fit(true),
      paint: (context) => this.#paint(context),
    });
    this.#camera = new Camera(canvas);
    this.#looking = new Looking(canvas, this.#camera, () => this.#look());
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => (event.buttons & 1) !== 0 && this.#looking.drag(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", () => this.#looking.end());
    canvas.addEventListener("wheel", (event) => this.#looking.wheel(event), { passive: false });
    const middle = (): void => this.#pick(canvas.clientWidth / 2, canvas.clientHeight / 2);
    const keys = { "0": () => this.fit(), Enter: middle, " ": middle };
    canvas.addEventListener("keydown", (event) => this.#looking.key(event, keys));
  }

  /** Shows another image. */
  open(composite: SkyPicture, box: SkyBox): void {
    this.#let(this.#composite, this.#clusters, this.#border, this.#outlines);
    [this.#composite, this.#box] = [composite, box];
    this.#clusters = this.#border = this.#outlines = undefined;
    this.#forgetTile();
    this.#camera.reset();
    this.#fit(true);
    this.#look();
  }

  /** The clusters as they are now; none where there is no picture. */
  set clusters(picture: SkyPicture | undefined) {
    this.#let(this.#clusters, this.#tile?.labels);
    this.#clusters = picture;
    if (this.#tile) this.#tile = { composite: this.#tile.composite };
    this.#look();
  }

  /** A part of the image in all its pixels. */
  set tile(tile: SkyTile) {
    this.#forgetTile();
    this.#tile = tile;
    this.#surface.request();
  }

  /** What is drawn around. */
  set border(picture: SkyPicture | undefined) {
    this.#let(this.#border);
    this.#border = picture;
    this.#surface.request();
  }

  /** What lies around the objects of a field. */
  set outlines(picture: SkyPicture | undefined) {
    this.#let(this.#outlines);
    this.#outlines = picture;
    this.#surface.request();
  }

  set layer(layer: SkyLayer) {
    this.#layer = layer;
    this.#surface.request();
  }

  zoom(factor: number): void {
    this.#camera.zoom(factor);
    this.#look();
  }

  /** Shows all of it again. */
  fit(): void {
    this.#camera.reset();
    this.#fit(true);
    this.#look();
  }

  /** Brings a pixel of the image into sight, where it is not. */
  show(x: number, y: number): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const [across, down] = this.#camera.toScreen(x, y);
    if (across >= 0 && down >= 0 && across < clientWidth && down < clientHeight) return;
    this.#camera.pan(clientWidth / 2 - across, clientHeight / 2 - down);
    this.#look();
  }

  get moved(): boolean {
    return this.#camera.moved;
  }

  #let(...pictures: readonly (SkyPicture | undefined)[]): void {
    for (const picture of pictures) picture?.bitmap.close();
  }

  #forgetTile(): void {
    this.#let(this.#tile?.composite, this.#tile?.labels);
    this.#tile = undefined;
  }

  #look(): void {
    this.#events.moved();
    this.#surface.request();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#want(), REST_MS);
  }

  /** Asks for the pixels of what is seen, where the small picture has fewer than the screen. */
  #want(): void {
    const [box, composite] = [this.#box, this.#composite];
    if (!box || !composite || !this.#canvas.checkVisibility()) return;
    const shrink = composite.width / composite.bitmap.width;
    const [[left, top], [right, bottom]] = [
      this.#camera.toPlane(0, 0),
      this.#camera.toPlane(this.#canvas.clientWidth, this.#canvas.clientHeight),
    ];
    const screen = (this.#canvas.clientWidth / (right - left)) * devicePixelRatio;
    if (shrink <= 1 || screen * shrink <= 1.2) return this.#forgetTile();
    const within = (value: number, most: number): number => Math.max(0, Math.min(most, value));
    const [x, y] = [within(Math.floor(left + 0.5), box.width - 1), within(Math.floor(bottom + 0.5), box.height - 1)];
    const [x1, y1] = [within(Math.ceil(right + 0.5), box.width), within(Math.ceil(top + 0.5), box.height)];
    if (x1 <= x || y1 <= y) return;
    this.#events.wanted({ x, y, width: x1 - x, height: y1 - y }, 640);
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#begun = [event.offsetX, event.offsetY];
    if (!this.#looking.begin(event)) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.focus();
    event.preventDefault();
  }

  #up({ offsetX, offsetY }: PointerEvent): void {
    this.#looking.end();
    const begun = this.#begun;
    this.#begun = undefined;
    if (begun && Math.hypot(offsetX - begun[0], offsetY - begun[1]) <= CLICK) this.#pick(offsetX, offsetY);
  }

  #pick(across: number, down: number): void {
    const [x, y] = this.#camera.toPlane(across, down).map(Math.round) as [number, number];
    const box = this.#box;
    if (box && x >= 0 && y >= 0 && x < box.width && y < box.height) this.#events.picked(x, y);
  }

  #fit(jump: boolean): void {
    const box = this.#box;
    if (box) this.#camera.fit([-0.5, box.width - 0.5, -0.5, box.height - 0.5], jump);
  }

  #draw(context: CanvasRenderingContext2D, picture: SkyPicture | undefined, opacity = 1): void {
    if (!picture || opacity === 0) return;
    const { bitmap, x, y, width, height } = picture;
    const [left, top] = this.#camera.toScreen(x - 0.5, y + height - 0.5);
    const [right, bottom] = this.#camera.toScreen(x + width - 0.5, y - 0.5);
    context.globalAlpha = opacity;
    context.imageSmoothingEnabled = right - left < bitmap.width;
    context.drawImage(bitmap, left, top, right - left, bottom - top);
    context.globalAlpha = 1;
  }

  #paint(context: CanvasRenderingContext2D): void {
    const box = this.#box;
    if (!box) return;
    context.save();
    // squares at the ends of a small picture reach beyond the image
    const [left, top] = this.#camera.toScreen(-0.5, box.height - 0.5);
    const [right, bottom] = this.#camera.toScreen(box.width - 0.5, -0.5);
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    const has = this.#clusters !== undefined;
    if (!has || this.#layer !== "clusters") {
      this.#draw(context, this.#composite);
      this.#draw(context, this.#tile?.composite);
    }
    const opacity = { both: OVER, clusters: 1, composite: 0, objects: 0 }[this.#layer];
    const labels = this.#tile?.labels;
    this.#draw(context, this.#clusters, opacity);
    if (labels) {
      // the nearer picture in place of the small one
      const { x, y, width, height } = labels;
      const [a, b] = this.#camera.toScreen(x - 0.5, y + height - 0.5);
      const [c, d] = this.#camera.toScreen(x + width - 0.5, y - 0.5);
      context.clearRect(a, b, c - a, d - b);
      if (this.#layer !== "clusters") this.#draw(context, this.#tile?.composite);
      this.#draw(context, labels, opacity);
    }
    if (this.#layer === "objects") this.#draw(context, this.#outlines);
    this.#draw(context, this.#border);
    context.restore();
  }
}
