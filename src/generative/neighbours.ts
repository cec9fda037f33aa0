// Stamps without the sources beside the one in the middle.
import { brightest, meanOf, smoothed } from "./planes";
import { mapTo } from "../typed-arrays";

/** Standard deviation that the sky leaves in the (1 2 1)-smoothed mean of three bands, in units of that of one. */
const SKY = 0.375 / Math.sqrt(3);
/** Light is an object's from so many of them on; a pixel is brighter than another from so many of their difference on. */
const [OBJECT, BRIGHTER] = [4, 3];
/** Objects are not quite symmetric, nor quite in the middle: what is brighter by less than this share of itself is the object's own. */
const SHARE = 0.3;

/**
 * Pixels of a stamp [bands, side, side] in units of the sky that are another source's get what is there without it. `blank`: the light that does not hang
 * together with the middle's is another source's, and becomes 0, the sky. `mirror`: a pixel that is clearly brighter than the one opposite, through
 * the middle, becomes as that (as SDSS's deblender begins: Lupton et al., The SDSS imaging pipelines, 2001).
 */
export function withoutNeighbours(stamp: Float64Array, side: number, how: "blank" | "mirror"): Float64Array {
  const area = side * side;
  const white = smoothed(meanOf(stamp, area, [1, 2, 3]), side);
  const isForeign = how === "mirror" ? brighterThanOpposite(white) : apartFromMiddle(white, side);
  const out = stamp.slice();
  for (let at = 0; at < stamp.length; at += area)
    for (let p = 0; p < area; p++) if (isForeign[p]) out[at + p] = how === "mirror" ? stamp[at + area - 1 - p]! : 0;
  return out;
}

function brighterThanOpposite(white: Float64Array): Uint8Array {
  const least = BRIGHTER * SKY * Math.SQRT2;
  const last = white.length - 1;
  return mapTo(Uint8Array, white, (value, p) => {
    const more = value - white[last - p]!;
    return Number(more > least && more > SHARE * value);
  });
}

/** Objects' pixels that are not joined to the brightest of the middle by their sides. */
function apartFromMiddle(white: Float64Array, side: number): Uint8Array {
  const isApart = mapTo(Uint8Array, white, (value) => Number(value > OBJECT * SKY));
  const { row, column } = brightest(white, side, 2);
  const open = [row * side + column];
  while (open.length > 0) {
    const p = open.pop()!;
    if (!isApart[p]) continue;
    isApart[p] = 0;
    const x = p % side;
    if (x > 0) open.push(p - 1);
    if (x < side - 1) open.push(p + 1);
    if (p >= side) open.push(p - side);
    if (p < side * (side - 1)) open.push(p + side);
  }
  return isApart;
}
