// Small pictures on one canvas, so that they are drawn fast: those that are seen, put there over several frames.
import { pixelsOf, type Thumbnails } from "./thumbnails";

/** Pixels of the canvas at most. */
const MOST_PIXELS = 2 ** 22;

/** Where a picture is on the canvas. */
export interface AtlasPlace {
  readonly left: number;
  readonly top: number;
}

/**
 * Pictures on a canvas that has room for some thousand: what is wanted and not there comes when there is time for it, in the place of what was not
 * wanted for the longest.
 */
export class Atlas {
  readonly canvas: OffscreenCanvas;
  readonly width: number;
  readonly height: number;
  /** How many pictures there are. */
  readonly count: number;
  /** How many of them the canvas has room for. */
  readonly room: number;
  readonly #thumbnails: Thumbnails;
  readonly #columns: number;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #image: ImageData;
  /** Place on the canvas of each picture that is there; first what was not wanted for the longest. */
  readonly #slots = new Map<number, number>();
  #lacking: number[] = [];

  constructor(thumbnails: Thumbnails, mostPixels = MOST_PIXELS) {
    const { pixels, height, width, channels } = thumbnails;
    this.#thumbnails = thumbnails;
    [this.width, this.height] = [width, height];
    this.count = pixels.length / (height * width * channels);
    this.room = Math.max(1, Math.min(this.count, Math.floor(mostPixels / (width * height))));
    this.#columns = Math.min(this.room, Math.ceil(Math.sqrt((this.room * height) / width)));
    this.canvas = new OffscreenCanvas(this.#columns * width, Math.ceil(this.room / this.#columns) * height);
    this.#context = this.canvas.getContext("2d")!;
    this.#image = new ImageData(width, height);
  }

  /** Pictures that are to be seen now, at most as many as there is room for. */
  want(pictures: readonly number[]): void {
    this.#lacking = [];
    for (const picture of pictures) {
      const slot = this.#slots.get(picture);
      if (slot === undefined) this.#lacking.push(picture);
      else {
        this.#slots.delete(picture);
        this.#slots.set(picture, slot);
      }
    }
  }

  /** Whether some that are wanted are not there yet. */
  get lacks(): boolean {
    return this.#lacking.length > 0;
  }

  /** Puts pictures there until `end`, a time of `performance.now()`, one at least; whether some are still lacking. */
  advance(end: number): boolean {
    let at = 0;
    while (at < this.#lacking.length) {
      this.#put(this.#lacking[at++]!);
      if (performance.now() >= end) break;
    }
    this.#lacking = this.#lacking.slice(at);
    return this.lacks;
  }

  #put(picture: number): void {
    if (this.#slots.has(picture)) return; // that several items have
    let slot = this.#slots.size;
    if (slot === this.room) {
      const [longest, its] = this.#slots.entries().next().value!;
      this.#slots.delete(longest);
      slot = its;
    }
    this.#slots.set(picture, slot);
    pixelsOf(this.#thumbnails, picture, this.#image);
    const { left, top } = this.#at(slot);
    this.#context.putImageData(this.#image, left, top);
  }

  #at(slot: number): AtlasPlace {
    return { left: (slot % this.#columns) * this.width, top: Math.floor(slot / this.#columns) * this.height };
  }

  /** Where a picture is; undefined while it is not there. */
  placeOf(picture: number): AtlasPlace | undefined {
    const slot = this.#slots.get(picture);
    return slot === undefined ? undefined : this.#at(slot);
  }
}
