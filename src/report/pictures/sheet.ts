import { viridis } from "../charts/palette";
import { encodePng } from "./png";
import { generate, mapTo } from "../../typed-arrays";

/** Pictures of one channel, [n, height, width]. */
export interface PictureArray {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** How a picture's values become colours. */
export interface SheetOptions {
  /** Cells between two pictures (default 1). */
  readonly gap?: number;
  /** Pixels to a cell, each way (default 1). */
  readonly zoom?: number;
  /** Applied before the colours (default: the square root, 0 below 0, which evens out the noise of photon counts). */
  readonly stretch?: (value: number) => number;
}

/** The square root; 0 below 0. */
export const squareRoot = (value: number): number => Math.sqrt(Math.max(0, value));

/**
 * Pictures in rows on one sheet as a PNG file in viridis, each from 0 to its own largest value. `rows` names the pictures of each row of the sheet.
 * @throws for an array that is not [n, height, width], for numbers of pictures that it does not have, and where there is nothing to draw
 */
export function pictureSheet(
  images: PictureArray,
  rows: readonly ArrayLike<number>[],
  { gap = 1, zoom = 1, stretch = squareRoot }: SheetOptions = {},
): Uint8Array {
  const { height, width, n } = checkPictures("pictureSheet", images);
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (columns === 0) throw new Error("pictureSheet: there is no picture to draw");
  const sheetWidth = (columns * (width + gap) - gap) * zoom;
  const sheetHeight = (rows.length * (height + gap) - gap) * zoom;
  const sheet = new Uint8Array(sheetWidth * sheetHeight);
  rows.forEach((row, r) => {
    for (let c = 0; c < row.length; c++) {
      const picture = toBytes(images, row[c]!, n, height, width, stretch, "pictureSheet");
      for (let y = 0; y < height * zoom; y++)
        for (let x = 0; x < width * zoom; x++)
          sheet[(r * (height + gap) * zoom + y) * sheetWidth + c * (width + gap) * zoom + x] =
            picture[Math.floor(y / zoom) * width + Math.floor(x / zoom)]!;
    }
  });
  return encodePng(sheet, sheetHeight, sheetWidth, 1, viridis());
}

/** Height, width and number of pictures. */
export function checkPictures(op: string, { data, shape }: PictureArray): { n: number; height: number; width: number } {
  const [n = 0, height = 0, width = 0] = shape;
  if (shape.length !== 3 || n * height * width !== data.length || data.length === 0)
    throw new Error(`${op}: images must be [n, height, width], got [${shape.join(", ")}] and ${data.length} values`);
  return { n, height, width };
}

/** One picture as bytes from 0 to its largest value. */
export function toBytes(
  { data }: PictureArray,
  number: number,
  n: number,
  height: number,
  width: number,
  stretch: (value: number) => number,
  op: string,
): Uint8Array {
  if (!Number.isInteger(number) || number < 0 || number >= n)
    throw new Error(`${op}: pictures are numbered from 0 to ${n - 1}, given ${number}`);
  const values = generate(Float64Array, height * width, (i) => stretch(data[number * height * width + i]!));
  const most = values.reduce((largest, value) => Math.max(largest, value), 0) || 1;
  return mapTo(Uint8Array, values, (value) => Math.min(255, Math.max(0, Math.round((255 * value) / most))));
}
