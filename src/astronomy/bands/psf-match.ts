import { checkChoice, checkFlag, checkPositive } from "../../checks";
import { codes } from "../../../kernels/astronomy/blur_rows.wgsl";
import type { Device } from "../../device";
import { blurColumns, blurRows } from "../../kernels/astronomy";
import { empty, indices, run, tensor, tidy } from "../../tensor";
import { bandsOf, checkRows, type BandSource, type BandsLike } from "./source";
import { generate } from "../../typed-arrays";

/** Full width at half maximum of a Gaussian with σ = 1: 2 √(2 ln 2). */
const FWHM = 2.3548200450309493;

const BOUNDARIES = { fill: codes.FILL, extend: codes.EXTEND, reflect: codes.REFLECT, wrap: codes.WRAP } as const;

/** What lies beyond the edge of an image: a value, the edge's pixel, the image mirrored about the edge, or its other side. */
export type Boundary = keyof typeof BOUNDARIES;

/** Options of `psfMatched`. */
export interface PsfMatchOptions {
  /** Full widths at half maximum of the bands' point-spread functions, in arcseconds. */
  readonly fwhm: readonly number[];
  /** Side of a pixel in arcseconds: `Wcs.pixelScale`. */
  readonly pixelScale: number;
  /** Default: extend. */
  readonly boundary?: Boundary;
  /** What `fill` fills with. Default: 0. */
  readonly fillValue?: number;
  /** NaN: `interpolate` leaves them out and divides by the weight of the rest, `fill` takes the fill value. Default: interpolate. */
  readonly nanTreatment?: "interpolate" | "fill";
  /** Whether pixels that were NaN are NaN again. Default: true. */
  readonly preserveNan?: boolean;
  readonly device: Device;
}

/** A Gaussian along one axis. */
export interface GaussianKernel {
  /** In pixels. */
  readonly sigma: number;
  /** Odd number of weights: ⌈8σ⌉, one more if even; 1 for σ = 0. */
  readonly size: number;
  /** exp(−r² / 2σ²) at pixels' centres, divided by their sum. */
  readonly weights: Float64Array;
}

/** The Gaussian of that σ in pixels, cut at 4 σ. */
export function gaussianKernel(sigma: number): GaussianKernel {
  if (!(sigma >= 0) || !Number.isFinite(sigma))
    throw new Error(`gaussianKernel: sigma must be 0 or more, got ${sigma}`);
  if (sigma === 0) return { sigma, size: 1, weights: Float64Array.of(1) };
  const least = Math.ceil(8 * sigma);
  const size = least % 2 === 0 ? least + 1 : least;
  const radius = (size - 1) / 2;
  const weights = generate(Float64Array, size, (i) => Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return { sigma, size, weights: weights.map((weight) => weight / sum) };
}

/**
 * σ of the kernels that bring each band's point-spread function to the widest one's, in pixels: √(max² − FWHM²) / 2.35482 / pixelScale.
 * @throws unless widths are positive
 */
export function matchingSigmas(fwhm: readonly number[], pixelScale: number): number[] {
  if (fwhm.length === 0 || !fwhm.every((width) => width > 0 && Number.isFinite(width)))
    throw new Error(`psfMatched: fwhm must be positive, got [${fwhm.join(", ")}]`);
  checkPositive("psfMatched", { pixelScale });
  const widest = Math.max(...fwhm);
  return fwhm.map((width) => Math.sqrt(widest * widest - width * width) / FWHM / pixelScale);
}

/** The row that stands for row i of `height`, which may lie beyond the edge; undefined for `fill`. */
function rowFor(i: number, height: number, boundary: Boundary): number | undefined {
  if (i >= 0 && i < height) return i;
  if (boundary === "fill") return undefined;
  if (boundary === "extend") return Math.max(0, Math.min(height - 1, i));
  const period = boundary === "reflect" ? 2 * height : height;
  const m = ((i % period) + period) % period;
  return m >= height ? 2 * height - 1 - m : m;
}

/** Rows [begin, end) of a source, which may reach beyond its edges. */
async function paddedRows(
  source: BandSource,
  begin: number,
  end: number,
  boundary: Boundary,
  fill: number,
): Promise<Float32Array> {
  const { bands, height, width } = source;
  const rows = end - begin;
  const out = new Float32Array(bands * rows * width);
  const place = (from: Float32Array, fromRows: number, row: number, to: number): void => {
    for (let band = 0; band < bands; band++) {
      const at = (band * fromRows + row) * width;
      out.set(from.subarray(at, at + width), (band * rows + to) * width);
    }
  };
  const [first, last] = [Math.max(begin, 0), Math.min(end, height)];
  const inside = await source.rows(first, last);
  for (let row = first; row < last; row++) place(inside, last - first, row - first, row - begin);
  for (let to = 0; to < rows; to++) {
    const i = begin + to;
    if (i >= first && i < last) continue;
    const row = rowFor(i, height, boundary);
    if (row === undefined)
      for (let band = 0; band < bands; band++)
        out.fill(fill, (band * rows + to) * width, (band * rows + to + 1) * width);
    else if (row >= first && row < last) place(inside, last - first, row - first, to);
    else place(await source.rows(row, row + 1), 1, 0, to);
  }
  return out;
}

/**
 * Bands with one point-spread function: each is convolved with the Gaussian that brings its width to the widest band's (√(max² − FWHM²)), along rows and
 * then columns, on the device. The widest band stays as it is. A pixel with no number under its kernel is NaN.
 * @throws `psfMatched: …` where there is not one positive width for each band
 */
export function psfMatched(
  source: BandsLike,
  options: PsfMatchOptions,
): BandSource & { readonly kernels: readonly GaussianKernel[] } {
  const {
    fwhm,
    pixelScale,
    boundary = "extend",
    fillValue = 0,
    nanTreatment = "interpolate",
    preserveNan = true,
    device,
  } = options;
  checkFlag("psfMatched", { preserveNan });
  const from = bandsOf(source, "psfMatched");
  if (fwhm.length !== from.bands)
    throw new Error(`psfMatched: there must be a width for each of ${from.bands} bands, got ${fwhm.length}`);
  checkChoice("psfMatched", { boundary }, Object.keys(BOUNDARIES));
  checkChoice("psfMatched", { nanTreatment }, ["interpolate", "fill"]);
  if (!Number.isFinite(fillValue)) throw new Error(`psfMatched: fillValue must be finite, got ${fillValue}`);
  const kernels = matchingSigmas(fwhm, pixelScale).map(gaussianKernel);
  const k = Math.max(...kernels.map(({ size }) => size));
  const halo = (k - 1) / 2;
  const taps = new Float32Array(from.bands * k);
  kernels.forEach(({ weights }, band) => taps.set(weights, band * k));
  const { bands, height, width } = from;
  return {
    ...{ bands, height, width, kernels },
    rows: async (begin, end) => {
      checkRows(begin, end, height);
      if (k === 1) return from.rows(begin, end);
      const rows = end - begin;
      const padded = await paddedRows(from, begin - halo, end + halo, boundary, fillValue);
      const shape = [bands, rows + 2 * halo, width];
      const y = tidy(() => {
        const x = tensor(device, padded, shape);
        const weights = tensor(device, taps);
        const radii = indices(
          device,
          kernels.map(({ size }) => (size - 1) / 2),
        );
        const [sums, shares] = [empty(device, shape), empty(device, shape)];
        const passes = { x, weights, radii, sums, shares, b: bands, w: width, k };
        const mode = BOUNDARIES[boundary];
        run(blurRows, {
          ...passes,
          h: rows + 2 * halo,
          mode,
          replace: nanTreatment === "fill" ? 1 : 0,
          fill: fillValue,
        });
        const y = empty(device, [bands, rows, width]);
        run(blurColumns, { ...passes, y, h: rows, halo, preserve: preserveNan ? 1 : 0 });
        return y;
      });
      try {
        return (await y.data()) as Float32Array;
      } finally {
        y.dispose();
      }
    },
  };
}
