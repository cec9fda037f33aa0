import { html, type Markup } from "../page/markup";
import { viridis } from "../charts/palette";
import { dataAddress, encodePng } from "./png";
import type { ClusteringReport, Images } from "../sections/run";

/** Draws members of a run as pictures. */
export interface Pictures {
  /** the member's picture; `alt` says what it is, `wrong` frames it */
  picture(row: number, alt: string, wrong?: boolean): Markup;
}

/** The range of float pixels: 0 to 1 where they keep to it, else from their smallest to their largest. */
function pixelRange(data: Images["data"]): readonly [number, number] {
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return [0, 255];
  let low = 0;
  let high = 1;
  let least = Infinity;
  let most = -Infinity;
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least < 0 || most > 1) [low, high] = [least, most];
  return [low, high > low ? high : low + 1];
}

/** Grey strokes on black, as in MNIST: a light page shows them as ink on paper. */
function isDarkGround(
  { data, height, width, channels, colours }: Images,
  [low, high]: readonly [number, number],
): boolean {
  if (channels !== 1 || colours === "viridis") return false;
  const size = height * width;
  const n = data.length / size;
  let dark = 0;
  let seen = 0;
  for (let row = 0; row < n; row += Math.ceil(n / 500))
    for (const at of [0, width - 1, size - width, size - 1]) {
      if (data[row * size + at]! - low < 0.1 * (high - low)) dark++;
      seen++;
    }
  return dark > 0.9 * seen;
}

/** Pixels of a member as bytes, averaged over squares of `shrink` pixels a side. */
function shrunkPixels(
  { data, height, width, channels }: Images,
  member: number,
  shrink: number,
  [low, high]: readonly [number, number],
): Uint8Array {
  const [rows, columns] = [Math.ceil(height / shrink), Math.ceil(width / shrink)];
  const out = new Uint8Array(rows * columns * channels);
  const from = member * height * width * channels;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        let seen = 0;
        for (let y = row * shrink; y < Math.min(height, (row + 1) * shrink); y++)
          for (let x = column * shrink; x < Math.min(width, (column + 1) * shrink); x++) {
            sum += data[from + (y * width + x) * channels + channel]!;
            seen++;
          }
        const value = Math.round((255 * (sum / seen - low)) / (high - low));
        out[(row * columns + column) * channels + channel] = Math.min(255, Math.max(0, value));
      }
  return out;
}

/** Pixels of some members as bytes, [rows.length, height, width, channels], the sides divided by `shrink`; what is asked for in viridis stays grey. */
export function pixelBytes(images: Images, rows: ArrayLike<number>, shrink: number): Uint8Array<ArrayBuffer> {
  const range = pixelRange(images.data);
  const parts = Array.from(rows, (row) => shrunkPixels(images, row, shrink, range));
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.forEach((part, at) => all.set(part, at * part.length));
  return all;
}

/**
 * Pictures of a run's members. `count` is how many will be asked for: large images are averaged down to a side at which all of them stay
 * under about a megabyte.
 */
export function pictures(images: ClusteringReport["images"], count: number): Pictures | undefined {
  if (!images) return undefined;
  const { height, width, channels } = images;
  const range = pixelRange(images.data);
  const colours = channels === 1 && images.colours === "viridis" ? viridis() : undefined;
  const ink = isDarkGround(images, range);
  const side = Math.max(12, Math.min(96, Math.floor(Math.sqrt(900_000 / (channels * 1.37 * Math.max(1, count))))));
  const shrink = Math.max(1, Math.ceil(Math.max(height, width) / side));
  const [rows, columns] = [Math.ceil(height / shrink), Math.ceil(width / shrink)];

  return {
    picture(row, alt, wrong = false) {
      const address = dataAddress(
        encodePng(shrunkPixels(images, row, shrink, range), rows, columns, channels, colours),
      );
      const classes = [ink ? "ink" : "", Math.max(rows, columns) <= 16 ? "pixels" : ""].filter(Boolean).join(" ");
      return html`<span class="${wrong ? "member wrong" : "member"}" title="${alt}"
        ><img class="${classes}" src="${address}" alt="${alt}" width="${columns}" height="${rows}"
      /></span>`;
    },
  };
}
