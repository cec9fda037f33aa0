// Many dots: put into pixels one by one, which takes a tenth of the time of as many paths, and in pieces.
import type { Cooperative } from "../../event-loop";
import type { Camera } from "./camera";

/** What dots are drawn of. */
export interface Dots {
  /** [n, 2] */
  readonly xy: Float32Array;
  /** 0xRRGGBB of an item. */
  readonly colour: (item: number) => number;
  /** In pixels of the page. */
  readonly radius: (item: number) => number;
  /** 0 to 1. */
  readonly opacity: (item: number) => number;
}

/** Pixels, four bytes each: red, green, blue, opacity. */
export type Pixels = Pick<ImageData, "data" | "width" | "height">;

/** Where the plane lies among the pixels of the page, and pixels of a picture for one of the page. */
export type Place = Camera["transform"] & { readonly ratio: number };

/** Places of a dot's middle within a pixel that are told apart, each way. */
const PHASES = 4;
/** Dots that are painted at a stretch. */
const PIECE = 256;

/** How much of each pixel around its own a disc covers, for each place of its middle: edges are smooth. */
function masksOf(radius: number): { readonly reach: number; readonly masks: readonly Float32Array[] } {
  const reach = Math.ceil(radius + 0.5);
  const side = 2 * reach + 1;
  const masks = Array.from({ length: PHASES * PHASES }, (_, phase) => {
    const [dx, dy] = [(phase % PHASES) / PHASES, Math.floor(phase / PHASES) / PHASES];
    const mask = new Float32Array(side * side);
    for (let at = 0; at < mask.length; at++) {
      const distance = Math.hypot((at % side) - reach + 0.5 - dx, Math.floor(at / side) - reach + 0.5 - dy);
      mask[at] = Math.min(1, Math.max(0, radius + 0.5 - distance));
    }
    return mask;
  });
  return { reach, masks };
}

/** Paints dots into pixels, each over those before it. */
export function* paintDots(
  { data: pixels, width, height }: Pixels,
  { scale, left, top, ratio }: Place,
  { xy, ...of }: Dots,
): Cooperative<void> {
  const discs = new Map<number, ReturnType<typeof masksOf>>();
  for (let i = 0; i < xy.length / 2; i++) {
    if (i % PIECE === PIECE - 1) yield;
    const [x, y] = [(left + xy[2 * i]! * scale) * ratio, (top - xy[2 * i + 1]! * scale) * ratio];
    const radius = of.radius(i) * ratio;
    if (!(x > -radius && y > -radius && x < width + radius && y < height + radius)) continue;
    let disc = discs.get(radius);
    if (!disc) discs.set(radius, (disc = masksOf(radius)));
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const mask = disc.masks[Math.floor((y - row) * PHASES) * PHASES + Math.floor((x - column) * PHASES)]!;
    const { reach } = disc;
    const [colour, opacity] = [of.colour(i), of.opacity(i)];
    const [red, green, blue] = [colour >> 16, (colour >> 8) & 255, colour & 255];
    let at = 0;
    for (let v = row - reach; v <= row + reach; v++)
      for (let u = column - reach; u <= column + reach; u++) {
        const share = mask[at++]! * opacity;
        if (share === 0 || u < 0 || v < 0 || u >= width || v >= height) continue;
        const p = 4 * (v * width + u);
        const under = pixels[p + 3]! / 255;
        const both = share + under * (1 - share);
        const own = share / both;
        pixels[p] = pixels[p]! + (red - pixels[p]!) * own;
        pixels[p + 1] = pixels[p + 1]! + (green - pixels[p + 1]!) * own;
        pixels[p + 2] = pixels[p + 2]! + (blue - pixels[p + 2]!) * own;
        pixels[p + 3] = 255 * both;
      }
  }
}
