// How a picture is looked at: dragged, brought nearer by the wheel, moved by keys.
import type { Camera } from "./camera";

/** Of one press of + or −, and of one notch of a wheel. */
const [ZOOM, WHEEL] = [1.4, 1.0015];
const PAN_PIXELS = 40;

/** Moves a camera by what a pointer, a wheel and keys do to a canvas. */
export class Looking {
  readonly #canvas: HTMLCanvasElement;
  readonly #camera: Camera;
  readonly #changed: () => void;
  #panned: readonly [number, number] | undefined;

  /** @param changed called when another part is seen */
  constructor(canvas: HTMLCanvasElement, camera: Camera, changed: () => void) {
    [this.#canvas, this.#camera, this.#changed] = [canvas, camera, changed];
  }

  /** A drag begins; one of a finger scrolls the page instead. */
  begin(event: PointerEvent): boolean {
    if (event.pointerType === "touch") return false;
    this.#panned = [event.offsetX, event.offsetY];
    return true;
  }

  /** Goes on with a drag; false where none has begun. */
  drag({ offsetX: x, offsetY: y }: PointerEvent): boolean {
    if (!this.#panned) return false;
    this.#camera.pan(x - this.#panned[0], y - this.#panned[1]);
    this.#panned = [x, y];
    this.#changed();
    return true;
  }

  /** Ends a drag. */
  end(): void {
    this.#panned = undefined;
  }

  /** A wheel scrolls the page, unless the picture was clicked at or Ctrl is held, as pinching does. */
  wheel(event: WheelEvent): void {
    if (!(event.ctrlKey || event.metaKey || document.activeElement === this.#canvas)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#camera.zoom((event.ctrlKey ? WHEEL ** 6 : WHEEL) ** (-event.deltaY * lines), event.offsetX, event.offsetY);
    this.#changed();
  }

  /** Arrows move what is seen, + and − go nearer and farther, 0 shows all; `others` by their keys. */
  key(event: KeyboardEvent, others: Readonly<Record<string, () => void>> = {}): void {
    const keys: Record<string, () => void> = {
      ArrowLeft: () => this.#camera.pan(PAN_PIXELS, 0),
      ArrowRight: () => this.#camera.pan(-PAN_PIXELS, 0),
      ArrowUp: () => this.#camera.pan(0, PAN_PIXELS),
      ArrowDown: () => this.#camera.pan(0, -PAN_PIXELS),
      "+": () => this.#camera.zoom(ZOOM),
      "=": () => this.#camera.zoom(ZOOM),
      "-": () => this.#camera.zoom(1 / ZOOM),
      "0": () => this.#camera.reset(),
      ...others,
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    this.#changed();
  }
}
