// Many dots as one picture, which is painted over several frames; what was painted before is shown, where it is seen now, until it is done.
import type { Cooperative } from "../../event-loop";
import type { Camera } from "./camera";
import { paintDots, type Dots, type Place } from "./dots";
import { goOn } from "./frames";

/** A picture of dots. */
interface Painted {
  readonly canvas: OffscreenCanvas;
  readonly place: Place;
  readonly of: Wanted;
}

/** What a picture is of. */
export interface Wanted {
  /** [n, 2]: with other positions a picture stays where it is until the next is done. */
  readonly xy: Float32Array;
  /** Other values, another picture. */
  readonly looks: readonly unknown[];
}

/** Dots on a canvas. */
export class DotLayer {
  readonly #canvas: HTMLCanvasElement;
  #shown: Painted | undefined;
  #work: Cooperative<Painted> | undefined;
  /** What is made use of again for the picture after the next. */
  #spare: OffscreenCanvas | undefined;
  #image: ImageData | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** Shows nothing until there is another picture. */
  clear(): void {
    this.#shown = this.#work = undefined;
  }

  /**
   * Paints on until `end`, a time of `performance.now()`; returns whether there is more to do. What is begun is finished also when the wish has
   * changed, else a picture that is moved all the time would never be painted.
   */
  advance(camera: Camera, wanted: Wanted, dots: () => Dots, end: number): boolean {
    const { width, height, clientWidth } = this.#canvas;
    if (clientWidth === 0) return false; // hidden
    const place: Place = { ...camera.transform, ratio: width / clientWidth };
    if (!this.#work) {
      if (this.#isShown(wanted, place, width, height)) return false;
      this.#work = this.#painting(wanted, place, width, height, dots());
    }
    const { done, value } = goOn(this.#work, end);
    if (!done) return true;
    this.#spare = this.#shown?.canvas;
    this.#shown = value;
    this.#work = undefined;
    return !this.#isShown(wanted, place, width, height);
  }

  #isShown({ xy, looks }: Wanted, { scale, left, top, ratio }: Place, width: number, height: number): boolean {
    if (!this.#shown) return false;
    const { canvas, place, of } = this.#shown;
    return (
      canvas.width === width &&
      canvas.height === height &&
      place.scale === scale &&
      place.left === left &&
      place.top === top &&
      place.ratio === ratio &&
      of.xy === xy &&
      of.looks.every((value, at) => value === looks[at])
    );
  }

  *#painting(of: Wanted, place: Place, width: number, height: number, dots: Dots): Cooperative<Painted> {
    if (this.#image?.width === width && this.#image.height === height) this.#image.data.fill(0);
    else this.#image = new ImageData(width, height);
    yield;
    const image = this.#image;
    yield* paintDots(image, place, dots);
    yield;
    const canvas = this.#spare ?? new OffscreenCanvas(width, height);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    canvas.getContext("2d")!.putImageData(image, 0, 0);
    return { canvas, place, of };
  }

  /** Draws the last picture where the camera has it now; of other positions, where it was. */
  draw(context: CanvasRenderingContext2D, camera: Camera, xy: Float32Array): void {
    if (!this.#shown) return;
    const { canvas, place, of } = this.#shown;
    const { scale, left, top } = of.xy === xy ? camera.transform : place;
    const factor = scale / place.scale;
    const [width, height] = [canvas.width / place.ratio, canvas.height / place.ratio];
    context.imageSmoothingEnabled = true;
    context.drawImage(
      canvas,
      ...([left - factor * place.left, top - factor * place.top, factor * width, factor * height] as const),
    );
  }
}
