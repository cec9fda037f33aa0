// Pictures of a cube as the page draws them.
import { composite, compositeLimits, chosenBands, labelPicture, type Picture, type Planes } from "constella/report";
import type { SkyPicture } from "../../protocol";
import type { Sky } from "./open";

/** A picture for a canvas; what `clear` says is left empty. */
async function bitmapOf({ pixels, height, width }: Picture, clear?: (at: number) => boolean): Promise<ImageBitmap> {
  const image = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) {
    if (clear?.(at)) continue;
    for (let channel = 0; channel < 3; channel++) image.data[4 * at + channel] = pixels[3 * at + channel]!;
    image.data[4 * at + 3] = 255;
  }
  return createImageBitmap(image);
}

/** Draws what is seen of a cube, and parts of it, alike. */
export class SkyPainter {
  readonly rgb: readonly number[];
  readonly #limits: ReturnType<typeof compositeLimits>;

  constructor({ small, names, wavelengths }: Sky) {
    this.rgb = chosenBands(names.length, wavelengths);
    this.#limits = compositeLimits(small, this.rgb);
  }

  /** Three of the bands. */
  async composite(planes: Planes): Promise<ImageBitmap> {
    return bitmapOf(composite(planes, this.rgb, this.#limits));
  }
}

/** Labels [height, width], each in its colour; what has none is left empty. @param each pixels of the image to a side of one label */
export async function labelBitmap(labels: Planes, each = 1, colours?: readonly string[]): Promise<SkyPicture> {
  const { pixels, ...size } = labelPicture(labels, colours);
  const { height, width, shrink } = size;
  const columns = labels.shape[1]!;
  const none = (at: number): boolean => {
    const y = Math.min(labels.shape[0]! - 1, (height - 1 - Math.floor(at / width)) * shrink + (shrink >> 1));
    const x = Math.min(columns - 1, (at % width) * shrink + (shrink >> 1));
    return labels.data[y * columns + x]! < 0;
  };
  return placed(await bitmapOf({ pixels, ...size }, none), shrink * each);
}

/** The border of pixels of a cube, over its picture. @param is whether a pixel is marked */
export async function outlined({ shrink, source, small }: Sky, is: (at: number) => boolean): Promise<SkyPicture> {
  const [, height, width] = small.shape as [number, number, number];
  const of = new Uint8Array(height * width);
  for (let at = 0; at < source.height * source.width; at++)
    if (is(at))
      of[Math.floor(Math.floor(at / source.width) / shrink) * width + Math.floor((at % source.width) / shrink)] = 1;
  return placed(await borderBitmap(of, height, width), shrink);
}

/** The border of what is marked [height, width], over a picture that it leaves empty. */
async function borderBitmap(of: Uint8Array, height: number, width: number): Promise<ImageBitmap> {
  const image = new ImageData(width, height);
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : of[y * width + x]!);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (at(x, y) && !(at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1)))
        image.data.set([255, 214, 64, 255], 4 * ((height - 1 - y) * width + x));
  return createImageBitmap(image);
}

/** Colours of the units of a map by their places: neighbours alike. */
export function placeColours(rows: number, columns: number): string[] {
  const corners = [[16, 136, 185], [139, 64, 178], [110, 214, 166], [248, 150, 40]]; // prettier-ignore
  return Array.from({ length: rows * columns }, (_, unit) => {
    const v = rows > 1 ? Math.floor(unit / columns) / (rows - 1) : 0;
    const u = columns > 1 ? (unit % columns) / (columns - 1) : 0;
    const shares = [(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v];
    const channel = (c: number): string =>
      Math.round(corners.reduce((sum, corner, i) => sum + corner[c]! * shares[i]!, 0))
        .toString(16)
        .padStart(2, "0");
    return `#${channel(0)}${channel(1)}${channel(2)}`;
  });
}

/** A picture of pixels [height, width] of which `shrink` × `shrink` are one of the picture. */
export const placed = (bitmap: ImageBitmap, shrink: number, x = 0, y = 0): SkyPicture => ({
  ...{ bitmap, x, y, width: bitmap.width * shrink, height: bitmap.height * shrink },
});
