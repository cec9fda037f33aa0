// What part of the plane is seen: fitted to the items until somebody moves it.

/** Room around the items in pixels. */
const MARGIN = 26;
/** How far one can go from what fits. */
const [FARTHEST, NEAREST] = [0.5, 60];

interface View {
  readonly x: number;
  readonly y: number;
  /** Pixels for a unit of the plane. */
  readonly scale: number;
}

/** One scale for both axes, and the middle of what is seen. */
export class Camera {
  readonly #canvas: HTMLCanvasElement;
  #view: View = { x: 0, y: 0, scale: 1 };
  #target: View = this.#view;
  /** What all items fit into. */
  #fitted: View = this.#view;
  #moved = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** How much nearer than all items at once. */
  get zoomed(): number {
    return this.#view.scale / this.#fitted.scale;
  }

  /** Whether it stands elsewhere than all items want it. */
  get moved(): boolean {
    return this.#moved;
  }

  /** Goes to where everything between these corners is seen, unless somebody chose another view; `jump` at once. */
  fit(corners: readonly [left: number, right: number, low: number, high: number], jump: boolean): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const [left, right, low, high] = corners;
    if (!(right >= left)) return;
    const scale = Math.min(
      (clientWidth - 2 * MARGIN) / (right - left || 1),
      (clientHeight - 2 * MARGIN) / (high - low || 1),
    );
    this.#fitted = { x: (left + right) / 2, y: (low + high) / 2, scale };
    if (this.#moved) return;
    this.#target = this.#fitted;
    if (jump) this.#view = this.#target;
  }

  /** Back to all items. */
  reset(): void {
    this.#moved = false;
    this.#target = this.#fitted;
  }

  /** Nearer by a factor; the place under (x, y) of the canvas stays there, by default its middle. */
  zoom(factor: number, x = this.#canvas.clientWidth / 2, y = this.#canvas.clientHeight / 2): void {
    const before = this.toPlane(x, y);
    const least = FARTHEST * this.#fitted.scale;
    const scale = Math.max(least, Math.min(NEAREST * this.#fitted.scale, this.#view.scale * factor));
    this.#view = { ...this.#view, scale };
    const after = this.toPlane(x, y);
    this.#view = { x: this.#view.x + before[0] - after[0], y: this.#view.y + before[1] - after[1], scale };
    this.#target = this.#view;
    this.#moved = true;
  }

  /** Moves what is seen by so many pixels. */
  pan(dx: number, dy: number): void {
    const { x, y, scale } = this.#view;
    this.#target = this.#view = { x: x - dx / scale, y: y + dy / scale, scale };
    this.#moved = true;
  }

  /** Some way towards where it is going. */
  advance(share: number): void {
    const [from, to] = [this.#view, this.#target];
    this.#view = {
      x: from.x + (to.x - from.x) * share,
      y: from.y + (to.y - from.y) * share,
      scale: from.scale + (to.scale - from.scale) * share,
    };
  }

  /** Where the plane lies on the canvas: (x, y) is at `left + x · scale` across, `top − y · scale` down. */
  get transform(): { readonly scale: number; readonly left: number; readonly top: number } {
    const { clientWidth, clientHeight } = this.#canvas;
    const { x, y, scale } = this.#view;
    return { scale, left: clientWidth / 2 - x * scale, top: clientHeight / 2 + y * scale };
  }

  /** Where on the canvas a place of the plane is, in pixels of the page. */
  toScreen(x: number, y: number): [number, number] {
    const { scale, left, top } = this.transform;
    return [left + x * scale, top - y * scale];
  }

  /** Which place of the plane is there on the canvas. */
  toPlane(x: number, y: number): [number, number] {
    const { clientWidth, clientHeight } = this.#canvas;
    const view = this.#view;
    return [view.x + (x - clientWidth / 2) / view.scale, view.y - (y - clientHeight / 2) / view.scale];
  }
}
