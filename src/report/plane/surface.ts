// A canvas that has the pixels of the screen where it lies, painted at most once a frame, and not while it is hidden.

/** What is painted. */
export interface Painter {
  /** The canvas has another size. */
  resized(): void;
  /** Before a frame: whether another is due after it. @param now when the frame began */
  frame?(now: number): boolean;
  /** All of it, on a canvas that is empty; in pixels of the page. */
  paint(context: CanvasRenderingContext2D, width: number, height: number): void;
}

/** Has a canvas painted when it is asked to, when it takes another size, and when the colours of the page change. */
export class Surface {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #painter: Painter;
  #requested = false;

  constructor(canvas: HTMLCanvasElement, painter: Painter) {
    [this.#canvas, this.#painter, this.#context] = [canvas, painter, canvas.getContext("2d")!];
    new ResizeObserver(() => this.#resize() && this.#paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.request());
  }

  /** Paints in the next frame. */
  request(): void {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame((now) => {
      this.#requested = false;
      this.#resize(); // of one that is shown from this frame on, which else would be painted twice in it
      const goesOn = this.#painter.frame?.(now) ?? false;
      this.#paint();
      if (goesOn) this.request();
    });
  }

  /** Whether there was another size to take. */
  #resize(): boolean {
    const { clientWidth, clientHeight, width, height } = this.#canvas;
    const [across, down] = [clientWidth, clientHeight].map((size) => Math.round(size * devicePixelRatio)) as [
      number,
      number,
    ];
    if (across === 0 || (across === width && down === height)) return false; // hidden, or as it was
    [this.#canvas.width, this.#canvas.height] = [across, down];
    this.#painter.resized();
    return true;
  }

  #paint(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (clientWidth === 0) return; // hidden
    this.#context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.#context.clearRect(0, 0, clientWidth, clientHeight);
    this.#painter.paint(this.#context, clientWidth, clientHeight);
  }
}
