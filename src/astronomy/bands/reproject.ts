import { checkChoice } from "../../checks";
import type { Device } from "../../device";
import { resample } from "../../kernels/astronomy";
import { empty, indices, run, tensor, tidy } from "../../tensor";
import { yieldWhenDue } from "../../event-loop";
import type { Wcs } from "../sky";
import { bandsOf, checkRows, type BandSource, type BandsLike } from "./source";

/** A grid of pixels on the sky. */
export interface SkyGrid {
  readonly wcs: Wcs;
  readonly height: number;
  readonly width: number;
}

/** Options of `reprojected`. */
export interface ReprojectOptions {
  /** Between pixels: linear, or the nearest one. Default: bilinear. */
  readonly method?: "bilinear" | "nearest";
  readonly device: Device;
}

/** Side of a square of output pixels that is computed at a time. */
const TILE = 512;
/** Pixels of the input that a square may need. */
const WINDOW = 2 ** 24;
const OUTSIDE = 0xffffffff;
/** Parts of a pixel below this are rounding of coordinates: a grid laid on itself gives the pixels themselves. */
const NOTHING = 1e-7;

/** Places in the input of a box of output pixels, in float64: (x, y), pair after pair. */
async function placesOf(
  from: Wcs,
  to: Wcs,
  x0: number,
  y0: number,
  width: number,
  height: number,
): Promise<Float64Array> {
  const out = new Float64Array(2 * width * height);
  const point = new Float64Array(3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 2) {
      point[0] = x0 + x;
      point[1] = y0 + y;
      to.toVector(point);
      from.toPixel(point);
      out[at] = point[0];
      out[at + 1] = point[1];
    }
    await yieldWhenDue();
  }
  return out;
}

/** The box of input pixels that places need; undefined where none lies in the image. */
interface Window {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function windowOf(places: Float64Array, width: number, height: number): Window | undefined {
  let [left, right, top, bottom] = [Infinity, -Infinity, -Infinity, Infinity];
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [places[i]!, places[i + 1]!];
    if (!(x >= -0.5 && x <= width - 0.5 && y >= -0.5 && y <= height - 0.5)) continue;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  if (left > right) return undefined;
  const [x, y] = [Math.max(0, Math.floor(left)), Math.max(0, Math.floor(bottom))];
  return {
    x,
    y,
    width: Math.min(width - 1, Math.floor(right) + 1) - x + 1,
    height: Math.min(height - 1, Math.floor(top) + 1) - y + 1,
  };
}

/**
 * Cells and parts of the kernel `resample` for places in a window of an image. The whole pixel is taken away in float64, so that a part has all the digits of
 * a float32 wherever in a mosaic it lies.
 */
function cellsOf(
  places: Float64Array,
  window: Window,
  width: number,
  height: number,
  nearest: boolean,
): { readonly cells: Uint32Array; readonly parts: Float32Array } {
  const n = places.length / 2;
  const cells = new Uint32Array(n);
  const parts = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [x, y] = [places[2 * i]!, places[2 * i + 1]!];
    if (!(x >= -0.5 && x <= width - 0.5 && y >= -0.5 && y <= height - 0.5)) {
      cells[i] = OUTSIDE;
      continue;
    }
    let [column, row] = nearest ? [Math.floor(x + 0.5), Math.floor(y + 0.5)] : [Math.floor(x), Math.floor(y)];
    if (nearest) {
      column = Math.min(column, width - 1);
      row = Math.min(row, height - 1);
    } else {
      let [across, down] = [x - column, y - row];
      if (across > 1 - NOTHING) [column, across] = [column + 1, 0];
      else if (across < NOTHING) across = 0;
      if (down > 1 - NOTHING) [row, down] = [row + 1, 0];
      else if (down < NOTHING) down = 0;
      // past the edge the edge's pixel alone
      if (column < 0 || column >= width - 1) across = 0;
      if (row < 0 || row >= height - 1) down = 0;
      parts[2 * i] = down;
      parts[2 * i + 1] = across;
    }
    cells[i] = (((Math.max(row, 0) - window.y + 1) << 16) | (Math.max(column, 0) - window.x + 1)) >>> 0;
  }
  return { cells, parts };
}

/** Rows of a box of a source. */
async function readWindow(source: BandSource, { x, y, width, height }: Window): Promise<Float32Array> {
  const rows = await source.rows(y, y + height);
  if (width === source.width) return rows;
  const out = new Float32Array(source.bands * height * width);
  for (let row = 0; row < source.bands * height; row++)
    out.set(rows.subarray(row * source.width + x, row * source.width + x + width), row * width);
  return out;
}

/**
 * Bands of one sky grid on another: each pixel of the new grid takes what the bands have at its centre's place. All bands share the coordinates, which are
 * computed in float64; the sampling runs on the device, a square at a time. Surface brightness is kept, fluxes per pixel are not. Within half a pixel of the
 * edge the edge's pixel counts, beyond it a value is NaN; so it is where one of the pixels that it lies between is.
 * @throws `reprojected: …` where the skies are of different coordinates, or do not overlap
 */
export function reprojected(
  source: BandsLike,
  from: Wcs,
  to: SkyGrid,
  { method = "bilinear", device }: ReprojectOptions,
): BandSource {
  const bands = bandsOf(source, "reprojected");
  checkChoice("reprojected", { method }, ["bilinear", "nearest"]);
  if (![to.height, to.width].every((size) => Number.isInteger(size) && size > 0))
    throw new Error(`reprojected: the grid must have pixels, got [${to.height}, ${to.width}]`);
  if (from.system !== to.wcs.system)
    throw new Error(`reprojected: both skies must be of one kind, got ${from.system} and ${to.wcs.system}`);
  const tile = async (
    x: number,
    y: number,
    width: number,
    height: number,
    out: Float32Array,
    offset: number,
    plane: number,
  ): Promise<void> => {
    const places = await placesOf(from, to.wcs, x, y, width, height);
    const window = windowOf(places, bands.width, bands.height);
    if (!window) {
      for (let band = 0; band < bands.bands; band++)
        for (let row = 0; row < height; row++) {
          const at = band * plane + offset + row * to.width;
          out.fill(NaN, at, at + width);
        }
      return;
    }
    // a square that needs too much of the input at once is taken in four
    const tooLarge =
      window.width * window.height * bands.bands > WINDOW || window.width > 65534 || window.height > 65534;
    if (tooLarge && width * height > 1) {
      const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      for (const [left, across] of [
        [0, w],
        [w, width - w],
      ] as const)
        for (const [down, tall] of [
          [0, h],
          [h, height - h],
        ] as const)
          if (across > 0 && tall > 0)
            await tile(x + left, y + down, across, tall, out, offset + down * to.width + left, plane);
      return;
    }
    const values = await readWindow(bands, window);
    const table = cellsOf(places, window, bands.width, bands.height, method === "nearest");
    const n = width * height;
    const y1 = tidy(() => {
      const x = tensor(device, values, [bands.bands, window.height, window.width]);
      const made = empty(device, [bands.bands, n]);
      const cells = indices(device, table.cells);
      const parts = tensor(device, table.parts);
      run(resample, { x, cells, parts, y: made, n, b: bands.bands, h: window.height, w: window.width });
      return made;
    });
    const sampled = (await y1.data()) as Float32Array;
    y1.dispose();
    for (let band = 0; band < bands.bands; band++)
      for (let row = 0; row < height; row++) {
        const at = band * n + row * width;
        out.set(sampled.subarray(at, at + width), band * plane + offset + row * to.width);
      }
  };
  return {
    bands: bands.bands,
    height: to.height,
    width: to.width,
    rows: async (begin, end) => {
      checkRows(begin, end, to.height);
      const plane = (end - begin) * to.width;
      const out = new Float32Array(bands.bands * plane);
      for (let y = begin; y < end; y += TILE)
        for (let x = 0; x < to.width; x += TILE)
          await tile(
            x,
            y,
            Math.min(TILE, to.width - x),
            Math.min(TILE, end - y),
            out,
            (y - begin) * to.width + x,
            plane,
          );
      return out;
    },
  };
}

/** Whether two grids on the sky have pixels in common: their outlines are sampled on one another. */
export function overlap(a: SkyGrid, b: SkyGrid): boolean {
  const touches = (inner: SkyGrid, outer: SkyGrid): boolean => {
    const steps = 16;
    const points: number[] = [];
    for (let i = 0; i <= steps; i++)
      for (let j = 0; j <= steps; j++) points.push((i / steps) * inner.width - 0.5, (j / steps) * inner.height - 0.5);
    const places = outer.wcs.worldToPixel(inner.wcs.pixelToWorld(points));
    for (let i = 0; i < places.length; i += 2)
      if (
        places[i]! >= -0.5 &&
        places[i]! <= outer.width - 0.5 &&
        places[i + 1]! >= -0.5 &&
        places[i + 1]! <= outer.height - 0.5
      )
        return true;
    return false;
  };
  return touches(a, b) || touches(b, a);
}
