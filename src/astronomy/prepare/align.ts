import { checkFlag } from "../../checks";
import type { Device } from "../../device";
import { overlap, reprojected, type SkyGrid } from "../bands/reproject";
import { stack, type BandSource } from "../bands/source";
import type { OpenedBands } from "./band";

/** Options of `alignBands`. */
export interface AlignOptions {
  /** Number of the input whose grid all bands are brought to. Default: 0, the first. */
  readonly reference?: number;
  /** Default: bilinear. */
  readonly method?: "bilinear" | "nearest";
  /** Bands lie on one grid as they are; world coordinates are not looked at. Default: false. */
  readonly aligned?: boolean;
  readonly device: Device;
}

/** Bands on one grid. */
export interface AlignedBands {
  readonly source: BandSource;
  /** What was done, a line an input that was reprojected. */
  readonly history: readonly string[];
}

/** Whether two grids have the same pixels, to a millionth. */
function sameGrid(a: SkyGrid, b: SkyGrid): boolean {
  if (a.height !== b.height || a.width !== b.width) return false;
  const points: number[] = [];
  for (const v of [0, 0.5, 1]) for (const u of [0, 0.5, 1]) points.push(u * (a.width - 1), v * (a.height - 1));
  return (
    a.wcs.system === b.wcs.system &&
    b.wcs.worldToPixel(a.wcs.pixelToWorld(points)).every((at, i) => Math.abs(at - points[i]!) < 1e-6)
  );
}

/** An input by its bands. */
const bandsIn = (inputs: readonly OpenedBands[], i: number): string => inputs[i]!.names.join(" ") || `input ${i}`;

/** An input by its file, where it has one. */
const titleOf = (inputs: readonly OpenedBands[], i: number): string => inputs[i]!.path ?? bandsIn(inputs, i);

/**
 * Bands of several files one upon the other: those of another grid than the reference's are reprojected onto it, strip by strip when they are read.
 * @throws `prepare: …` in one line where they do not fit: other sizes of aligned bands, no world coordinates, skies that do not overlap
 */
export function alignBands(inputs: readonly OpenedBands[], options: AlignOptions): AlignedBands {
  const { reference = 0, method = "bilinear", aligned = false, device } = options;
  checkFlag("prepare", { aligned });
  const target = inputs[reference];
  if (!target) throw new Error(`prepare: reference must be from 0 to ${inputs.length - 1}, got ${reference}`);
  if (aligned) {
    const other = inputs.findIndex(({ height, width }) => height !== target.height || width !== target.width);
    if (other >= 0)
      throw new Error(
        `prepare: aligned bands must have one size, ${titleOf(inputs, reference)} has [${target.height}, ${target.width}], ` +
          `${titleOf(inputs, other)} [${inputs[other]!.height}, ${inputs[other]!.width}]`,
      );
    return { source: stack(inputs), history: [] };
  }
  const grids = inputs.map((input, i): SkyGrid => {
    if (input.wcs) return { wcs: input.wcs, height: input.height, width: input.width };
    throw new Error(`prepare: ${titleOf(inputs, i)} has no world coordinates; bands of one grid are taken as aligned`);
  });
  const grid = grids[reference]!;
  const history: string[] = [];
  const parts = inputs.map((input, i): BandSource => {
    const own = grids[i]!;
    if (i === reference || sameGrid(own, grid)) return input;
    if (own.wcs.system === grid.wcs.system && !overlap(own, grid))
      throw new Error(`prepare: the skies of ${titleOf(inputs, i)} and ${titleOf(inputs, reference)} do not overlap`);
    history.push(`${bandsIn(inputs, i)}: reprojected, ${method}`);
    return reprojected(input, own.wcs, grid, { method, device });
  });
  return { source: stack(parts), history };
}
