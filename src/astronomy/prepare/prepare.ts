import { checkFlag } from "../../checks";
import { NdArray } from "../../ndarray";
import { psfMatched } from "../bands/psf-match";
import { bandsOf, CommonBox, cropped, stripsOf, stripRows, type BandSource, type Box } from "../bands/source";
import type { Limits } from "../bands/statistics";
import { FitsFile, FitsWriter, type CardLike } from "../fits";
import { nodeModule } from "../../data/formats/file-system";
import { alignBands, type AlignOptions } from "./align";
import type { OpenedBands } from "./band";
import {
  BandSummaries,
  limitsOf,
  normalizeRows,
  outlierLimits,
  type BandSummary,
  type Normalization,
} from "./normalize";
import { withoutBackground } from "./subtract";

/** Where a preparation stands, in rows. */
export interface PrepareProgress {
  readonly stage: "preparing" | "writing";
  readonly done: number;
  readonly total: number;
}

/** Options of `prepareBands`. */
export interface PrepareOptions extends AlignOptions {
  /** The cube's path, `.fits` or `.fits.gz`. */
  readonly out: string;
  /** Widths of the bands' point-spread functions in arcseconds: all are brought to the widest. Default: as they are. */
  readonly fwhm?: readonly number[];
  /** Arcseconds of a pixel. Default: by the reference's world coordinates. */
  readonly pixelScale?: number;
  /** Height and width of the boxes of a background to subtract. Default: none is. */
  readonly background?: readonly [height: number, width: number];
  /** Values beyond this many clipped standard deviations from a band's median become NaN. Default: none. */
  readonly clip?: number;
  /** Default: none. */
  readonly normalize?: Normalization;
  /** For percentile and asinh. Default: 0.25 and 99.75. */
  readonly percentiles?: readonly [lower: number, upper: number];
  /** Cut to the smallest box that holds all pixels with data in every band. Default: true. */
  readonly crop?: boolean;
  readonly signal?: AbortSignal;
  /** Strip by strip. */
  readonly onProgress?: (progress: PrepareProgress) => void;
}

/** What was written. */
export interface PreparedCube {
  readonly shape: readonly [bands: number, height: number, width: number];
  /** Where the cube begins in the reference's grid. */
  readonly box: Box;
  readonly names: readonly string[];
  /** Pixels with data in every band. */
  readonly complete: number;
  /** What was done, as it stands in HISTORY. */
  readonly history: readonly string[];
}

/** Values of a cube between the two passes that are kept in memory; larger ones go to a file beside the result. */
const IN_MEMORY = 2 ** 26;
/** Values of a strip. */
const STRIP = 2 ** 23;

/** Rows without their outliers, in place. */
function clipRows(rows: Float32Array, limits: readonly Limits[]): void {
  const size = rows.length / limits.length;
  for (const [band, { vmin, vmax }] of limits.entries())
    for (let i = band * size; i < (band + 1) * size; i++) if (rows[i]! < vmin || rows[i]! > vmax) rows[i] = NaN;
}

/** A cube between two passes. */
interface Staged {
  band(index: number): BandSource;
  readonly summaries: readonly BandSummary[];
  readonly box: Box | undefined;
  readonly complete: number;
  close(): Promise<void>;
}

/** Computes the cube once, and learns what its bands hold. */
async function staged(source: BandSource, { out, signal, onProgress }: PrepareOptions): Promise<Staged> {
  const { bands, height, width } = source;
  const [summaries, common] = [new BandSummaries(source), new CommonBox(width)];
  const inMemory = bands * height * width <= IN_MEMORY;
  const cube = new Float32Array(inMemory ? bands * height * width : 0);
  const work = `${out}.work`;
  const file = inMemory ? undefined : await FitsWriter.create(work, [height, bands, width], "float32", { gzip: false });
  try {
    for (const [begin, end] of stripsOf(source, stripRows(source, STRIP))) {
      signal?.throwIfAborted();
      const rows = await source.rows(begin, end);
      summaries.add(rows, begin);
      common.add(rows, bands, begin);
      const size = (end - begin) * width;
      if (file) await file.write(byRow(rows, bands, width));
      else
        for (let band = 0; band < bands; band++)
          cube.set(rows.subarray(band * size, (band + 1) * size), (band * height + begin) * width);
      onProgress?.({ stage: "preparing", done: end, total: height });
    }
  } catch (error) {
    await file?.discard();
    throw error;
  }
  const rest = { summaries: summaries.bands, box: common.box, complete: common.count };
  if (!file) {
    const size = height * width;
    const band = (i: number): BandSource =>
      bandsOf(new NdArray(cube.subarray(i * size, (i + 1) * size), [height, width]));
    return { ...rest, band, close: async () => undefined };
  }
  await file.close();
  const opened = await FitsFile.open(work);
  const image = opened.image();
  return {
    ...rest,
    band: (i) => ({
      ...{ bands: 1, height, width },
      rows: async (begin, end) =>
        (await image.read({ region: { start: [begin, i, 0], stop: [end, i + 1, width] }, type: "float32" })).data,
    }),
    close: async () => {
      await opened.close();
      await nodeModule("node:fs/promises").rm(work, { force: true });
    },
  };
}

/** Rows of bands as bands of rows: [bands, rows, width] to [rows, bands, width]. */
function byRow(values: Float32Array, bands: number, width: number): Float32Array {
  const rows = values.length / bands / width;
  const out = new Float32Array(values.length);
  for (let band = 0; band < bands; band++)
    for (let row = 0; row < rows; row++)
      out.set(
        values.subarray((band * rows + row) * width, (band * rows + row + 1) * width),
        (row * bands + band) * width,
      );
  return out;
}

/** Keywords of the cube: coordinates of the reference, and what each band is. */
function cubeCards(
  inputs: readonly OpenedBands[],
  { reference = 0, fwhm, normalize = "none" }: PrepareOptions,
  box: Box,
  limits: readonly Limits[],
): CardLike[] {
  const { header, wcs } = inputs[reference]!;
  const kept = header.cards.filter(({ key }) => /^(OBJECT|TELESCOP|INSTRUME|DATE-OBS)$/.test(key));
  const names = inputs.flatMap(({ names }) => names);
  const wavelengths = inputs.flatMap((input) => input.wavelengths);
  const units = new Set(inputs.map(({ unit }) => unit));
  const [unit = ""] = units;
  const cards: CardLike[] = [...kept, ...(wcs?.cards(box.x, box.y) ?? [])];
  if (normalize === "none" && units.size === 1 && unit !== "") cards.push(["BUNIT", unit]);
  names.forEach((name, i) => {
    cards.push([`BAND${i + 1}`, name.replace(/[^ -~]/g, "?"), "band"]);
    if (!Number.isNaN(wavelengths[i]!)) cards.push([`WAVE${i + 1}`, wavelengths[i]!, "nm"]);
    if (fwhm) cards.push([`FWHM${i + 1}`, Math.max(...fwhm), `arcsec, from ${fwhm[i]}`]);
    if (limits[i])
      cards.push([`VMIN${i + 1}`, limits[i].vmin, "becomes 0"], [`VMAX${i + 1}`, limits[i].vmax, "becomes 1"]);
  });
  return cards;
}

/**
 * Bands of files as one cube on one grid: background subtracted, reprojected onto the reference, matched in point-spread function, without outliers, cut to
 * where every band has data, normalised band by band. The cube is computed in strips, written with the reference's world coordinates and a HISTORY of what was
 * done, and appears under its name when it is complete.
 * @throws `prepare: …` in one line for fewer than two bands, none with data, sizes and skies that do not fit; and what its steps throw
 */
export async function prepareBands(inputs: readonly OpenedBands[], options: PrepareOptions): Promise<PreparedCube> {
  const {
    reference = 0,
    fwhm,
    background,
    clip,
    normalize = "none",
    percentiles,
    crop = true,
    device,
    out,
    signal,
    onProgress,
  } = options;
  checkFlag("prepare", { crop, aligned: options.aligned });
  const bands = inputs.reduce((count, input) => count + input.bands, 0);
  if (bands < 2) throw new Error(`prepare: there must be two bands or more, got ${bands}`);
  if (fwhm && fwhm.length !== bands)
    throw new Error(`prepare: there must be a width for each of ${bands} bands, got ${fwhm.length}`);
  const history: string[] = [];
  let parts = inputs;
  if (background) {
    const bare = async (input: OpenedBands): Promise<OpenedBands> => ({
      ...input,
      rows: (await withoutBackground(input, background)).rows,
    });
    parts = await Promise.all(inputs.map(bare));
    history.push(`background subtracted in boxes of ${background.join(" x ")} pixels`);
  }
  const aligned = alignBands(parts, options);
  history.push(...aligned.history);
  let { source }: { source: BandSource } = aligned;
  if (fwhm) {
    const pixelScale = options.pixelScale ?? inputs[reference]!.wcs?.pixelScale;
    if (pixelScale === undefined)
      throw new Error("prepare: fwhm needs the pixel's side, which no world coordinates tell");
    source = psfMatched(source, { fwhm, pixelScale, device });
    history.push(
      `point-spread functions matched to ${Math.max(...fwhm)} arcsec, pixels of ${Number(pixelScale.toPrecision(6))} arcsec`,
    );
  }
  const stage = await staged(source, options);
  try {
    const names = inputs.flatMap((input) => input.names);
    const empty = stage.summaries.findIndex(({ count }) => count === 0);
    if (empty >= 0) throw new Error(`prepare: ${names[empty]} must have numbers, all of it is NaN`);
    if (!stage.box) throw new Error("prepare: no pixel has data in every band");
    const box = crop ? stage.box : { x: 0, y: 0, width: source.width, height: source.height };
    if (box.width < source.width || box.height < source.height)
      history.push(`cut to ${box.width} x ${box.height} pixels from (${box.x}, ${box.y}), where every band has data`);
    const outliers = clip === undefined ? undefined : stage.summaries.map((summary) => outlierLimits(summary, clip));
    if (clip !== undefined) history.push(`values beyond ${clip} standard deviations left out`);
    const limits =
      normalize === "none" ? [] : stage.summaries.map((s, i) => limitsOf(s, normalize, names[i]!, { percentiles }));
    if (normalize !== "none") history.push(`bands normalised, ${normalize}`);
    const cards = cubeCards(inputs, options, box, limits);
    const file = await FitsWriter.create(out, [bands, box.height, box.width], "float32", { cards, history });
    try {
      // the file has one band after the other
      for (let band = 0; band < bands; band++) {
        const one = cropped(stage.band(band), box);
        for (const [begin, end] of stripsOf(one, stripRows(one, STRIP))) {
          signal?.throwIfAborted();
          const rows = await one.rows(begin, end);
          if (outliers) clipRows(rows, [outliers[band]!]);
          await file.write(limits.length > 0 ? normalizeRows(rows, [limits[band]!], normalize) : rows);
          onProgress?.({ stage: "writing", done: band * box.height + end, total: bands * box.height });
        }
      }
      await file.close();
    } catch (error) {
      await file.discard();
      throw error;
    }
    return { shape: [bands, box.height, box.width], box, names, complete: stage.complete, history };
  } finally {
    await stage.close();
  }
}
