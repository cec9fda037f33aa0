// The picture: items in the plane on a canvas, moving from frame to frame; and a place to draw points in.
import { clusterColour } from "../../../src/report/charts/palette";

/** What the picture shows of each item. */
export interface Shown {
  /** [n, 2] */
  readonly xy: Float32Array;
  /** Group of each item, −1 for noise; undefined while there are none. */
  readonly groups?: Int32Array;
  /** 0 to 1: in place of groups. */
  readonly shares?: Float32Array;
  /** [k, 2] */
  readonly centers?: Float32Array;
}

const MOVE_MS = 320;
const MARGIN = 26;
/** Half the side of the square that points are drawn in. */
const DRAWING = 1.6;

const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Colour of a share: orange where unsure, blue where sure, as in the report. */
export function shareColour(share: number): string {
  const from = [214, 96, 27];
  const middle = [150, 150, 150];
  const to = [47, 116, 181];
  const [a, b, t] = share < 0.5 ? [from, middle, share * 2] : [middle, to, share * 2 - 1];
  return `rgb(${a.map((value, c) => Math.round(value + (b[c]! - value) * t)).join(" ")})`;
}

/** Draws items, and takes points that are drawn. */
export class PlaneView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #shown: Shown = { xy: new Float32Array(0) };
  /** Positions as they are drawn now: on the way from one frame to the next. */
  #xy = new Float32Array(0);
  #from = new Float32Array(0);
  #begun = 0;
  #requested = false;
  #view = { x: 0, y: 0, scale: 1 };
  #target = { x: 0, y: 0, scale: 1 };
  #picked = -1;
  /** Points that are being drawn, or undefined. */
  #drawn: number[] | undefined;
  #cursor: readonly [number, number] | undefined;
  readonly #changed: (count: number) => void;

  /** @param changed is told how many points are drawn, while they are */
  constructor(canvas: HTMLCanvasElement, changed: (count: number) => void) {
    this.#canvas = canvas;
    this.#changed = changed;
    this.#context = canvas.getContext("2d")!;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#request());
    canvas.addEventListener("pointerdown", (event) => this.#brush(event, true));
    canvas.addEventListener("pointermove", (event) => this.#brush(event, (event.buttons & 1) === 1));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Shows items; those that were there move to where they are now. */
  show(shown: Shown, { jump = false } = {}): void {
    const same = !jump && this.#xy.length === shown.xy.length && !still();
    this.#from = same ? this.#xy.slice() : shown.xy.slice();
    this.#xy = this.#from.slice();
    this.#shown = shown;
    this.#begun = performance.now();
    this.#fit(!same);
    this.#request();
  }

  /** Marks an item. */
  pick(item: number): void {
    if (item === this.#picked) return;
    this.#picked = item;
    this.#request();
  }

  /** The item at a place of the canvas, or −1. */
  itemAt(event: { readonly offsetX: number; readonly offsetY: number }): number {
    let [best, nearest] = [-1, 14 ** 2];
    for (let i = 0; i < this.#xy.length / 2; i++) {
      const [x, y] = this.#toScreen(this.#xy[2 * i]!, this.#xy[2 * i + 1]!);
      const squared = (x - event.offsetX) ** 2 + (y - event.offsetY) ** 2;
      if (squared < nearest) [best, nearest] = [i, squared];
    }
    return best;
  }

  /** Begins or ends drawing. */
  set drawing(on: boolean) {
    this.#drawn = on ? [] : undefined;
    this.#cursor = undefined;
    this.#canvas.classList.toggle("drawing", on);
    this.#target = on ? { x: 0, y: 0, scale: this.#fitScale(2 * DRAWING, 2 * DRAWING) } : this.#target;
    if (on) this.#view = this.#target;
    this.#request();
  }

  get drawing(): boolean {
    return this.#drawn !== undefined;
  }

  /** The points drawn so far. */
  get drawn(): Float32Array<ArrayBuffer> {
    return Float32Array.from(this.#drawn ?? []);
  }

  clear(): void {
    if (this.#drawn) this.#drawn = [];
    this.#changed(0);
    this.#request();
  }

  #brush(event: PointerEvent, down: boolean): void {
    if (!this.#drawn || !down) return;
    if (event.type === "pointerdown") this.#canvas.setPointerCapture(event.pointerId);
    this.#spray(this.#toPlane(event.offsetX, event.offsetY));
    event.preventDefault();
  }

  #spray([x, y]: readonly [number, number]): void {
    for (let i = 0; i < 7; i++) {
      const [radius, angle] = [0.09 * Math.sqrt(-2 * Math.log(1 - Math.random())), 2 * Math.PI * Math.random()];
      this.#drawn!.push(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    this.#changed(this.#drawn!.length / 2);
    this.#request();
  }

  /** Arrows move a cursor, space and enter draw at it. */
  #key(event: KeyboardEvent): void {
    if (!this.#drawn) return;
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
    this.#request();
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(clientWidth * ratio);
    this.#canvas.height = Math.round(clientHeight * ratio);
    if (this.#drawn) this.#view = this.#target = { x: 0, y: 0, scale: this.#fitScale(2 * DRAWING, 2 * DRAWING) };
    else this.#fit(true);
    this.#paint();
  }

  #fitScale(width: number, height: number): number {
    const { clientWidth, clientHeight } = this.#canvas;
    return Math.min((clientWidth - 2 * MARGIN) / (width || 1), (clientHeight - 2 * MARGIN) / (height || 1));
  }

  /** One scale for both axes, and the middle of the items. */
  #fit(jump: boolean): void {
    const { xy } = this.#shown;
    let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < xy.length; i += 2) {
      left = Math.min(left, xy[i]!);
      right = Math.max(right, xy[i]!);
      low = Math.min(low, xy[i + 1]!);
      high = Math.max(high, xy[i + 1]!);
    }
    if (!(right >= left)) return;
    this.#target = {
      x: (left + right) / 2,
      y: (low + high) / 2,
      scale: this.#fitScale(right - left || 1, high - low || 1),
    };
    if (jump) this.#view = this.#target;
  }

  #toScreen(x: number, y: number): [number, number] {
    const { clientWidth, clientHeight } = this.#canvas;
    const view = this.#view;
    return [clientWidth / 2 + (x - view.x) * view.scale, clientHeight / 2 - (y - view.y) * view.scale];
  }

  #toPlane(x: number, y: number): [number, number] {
    const { clientWidth, clientHeight } = this.#canvas;
    const view = this.#view;
    return [view.x + (x - clientWidth / 2) / view.scale, view.y - (y - clientHeight / 2) / view.scale];
  }

  #request(): void {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame(() => {
      this.#requested = false;
      const share = Math.min(1, (performance.now() - this.#begun) / MOVE_MS);
      const eased = 1 - (1 - share) ** 3;
      const { xy } = this.#shown;
      if (this.#from.length === xy.length)
        for (let i = 0; i < xy.length; i++) this.#xy[i] = this.#from[i]! + (xy[i]! - this.#from[i]!) * eased;
      const [from, to] = [this.#view, this.#target];
      const pull = share < 1 ? 0.25 : 1;
      this.#view = {
        x: from.x + (to.x - from.x) * pull,
        y: from.y + (to.y - from.y) * pull,
        scale: from.scale + (to.scale - from.scale) * pull,
      };
      this.#paint();
      if (share < 1) this.#request();
    });
  }

  #paint(): void {
    const context = this.#context;
    const { clientWidth, clientHeight } = this.#canvas;
    const style = getComputedStyle(this.#canvas);
    const [ink, muted, paper] = ["--ink", "--muted", "--paper"].map((name) => style.getPropertyValue(name)) as [
      string,
      string,
      string,
    ];
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, clientWidth, clientHeight);
    if (this.#drawn) return this.#paintDrawing(ink, muted);
    const { groups, shares, centers } = this.#shown;
    const n = this.#xy.length / 2;
    const radius = n > 1500 ? 2.3 : n > 400 ? 2.9 : 3.8;
    context.globalAlpha = n > 1500 ? 0.8 : 0.88;
    for (let i = 0; i < n; i++) {
      const [x, y] = this.#toScreen(this.#xy[2 * i]!, this.#xy[2 * i + 1]!);
      context.fillStyle = shares ? shareColour(shares[i]!) : groups ? clusterColour(groups[i]!) : muted;
      context.beginPath();
      context.arc(x, y, groups && groups[i]! < 0 ? radius * 0.7 : radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
    if (centers) this.#paintCenters(centers, ink, paper);
    if (this.#picked >= 0 && this.#picked < n) {
      const [x, y] = this.#toScreen(this.#xy[2 * this.#picked]!, this.#xy[2 * this.#picked + 1]!);
      context.strokeStyle = ink;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, y, radius + 4, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  /** A numbered disc for each centre: colours alone do not tell clusters apart. */
  #paintCenters(centers: Float32Array, ink: string, paper: string): void {
    const context = this.#context;
    const k = centers.length / 2;
    context.font = `600 ${k > 20 ? 10 : 12}px ${getComputedStyle(this.#canvas).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let c = 0; c < k; c++) {
      if (Number.isNaN(centers[2 * c]!)) continue;
      const [x, y] = this.#toScreen(centers[2 * c]!, centers[2 * c + 1]!);
      context.beginPath();
      context.arc(x, y, k > 20 ? 8 : 11, 0, 2 * Math.PI);
      context.fillStyle = paper;
      context.fill();
      context.lineWidth = 2.5;
      context.strokeStyle = clusterColour(c);
      context.stroke();
      context.fillStyle = ink;
      context.fillText(String(c), x, y + 0.5);
    }
  }

  #paintDrawing(ink: string, muted: string): void {
    const context = this.#context;
    context.strokeStyle = muted;
    context.lineWidth = 1;
    const [left, top] = this.#toScreen(-DRAWING, DRAWING);
    const [right, bottom] = this.#toScreen(DRAWING, -DRAWING);
    context.setLineDash([4, 4]);
    context.strokeRect(left, top, right - left, bottom - top);
    context.setLineDash([]);
    context.fillStyle = ink;
    const points = this.#drawn!;
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = this.#toScreen(points[i]!, points[i + 1]!);
      context.fillRect(x - 1.5, y - 1.5, 3, 3);
    }
    if (!this.#cursor) return;
    const [x, y] = this.#toScreen(...this.#cursor);
    context.strokeStyle = ink;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - 9, y);
    context.lineTo(x + 9, y);
    context.moveTo(x, y - 9);
    context.lineTo(x, y + 9);
    context.stroke();
  }
}
