import { DeviceHolder } from "../../cluster/points";
import type { Device } from "../../device";
import * as kernels from "../../kernels/segmentation";
import type { OptionSet } from "../../lifecycle/model";
import type { NdArrayLike } from "../../matrix";
import { NdArray } from "../../ndarray";
import {
  callable,
  checkedOptions,
  device as deviceRule,
  flag,
  integer,
  optional,
  positive,
  range,
  signal,
} from "../../options";
import { planesOf } from "../planes";
import { connectRegions } from "./connectivity";
import { placesOf, seedAxes, SeedsOnDevice } from "./seeds";
import type { SeedsStanding } from "./seeds";
import { smoothPlanes } from "./smooth";

/** Options of superpixels. */
export interface SLICSettings {
  /** Superpixels that are aimed at: their seeds lie on a grid, so there may be more or fewer. Default 100. */
  readonly nSegments: number;
  /** Weight of the place against the colour. All bands together are scaled to 0 … 1 first, so 0.01 to 0.2 follows edges and 10 makes squares. Default 0.1. */
  readonly compactness: number;
  /** Standard deviation in pixels of a Gaussian before; 0: none. Default 0. */
  readonly sigma: number;
  /** Passes. Default 10. */
  readonly maxIter: number;
  /** Makes superpixels of one piece. Default true. */
  readonly enforceConnectivity: boolean;
  /** Smaller pieces than this share of the mean size join a neighbour. Default 0.5. */
  readonly minSizeFactor: number;
  /** Larger ones than this multiple of it are cut. Default 3. */
  readonly maxSizeFactor: number;
}

/** Options of `slic`. */
export interface SLICOptions extends Partial<SLICSettings> {
  readonly device?: Device;
  readonly signal?: AbortSignal;
  /** After each pass, which waits for it. */
  readonly onPass?: (pass: number, passes: number) => void | Promise<void>;
}

/** Their rules and defaults. */
export const SLIC_OPTIONS: OptionSet<SLICSettings> = {
  rules: {
    ...{ nSegments: integer(1), compactness: positive, sigma: range(0), maxIter: integer(1) },
    ...{ enforceConnectivity: flag, minSizeFactor: range(0), maxSizeFactor: range(0) },
  },
  defaults: {
    ...{ nSegments: 100, compactness: 0.1, sigma: 0, maxIter: 10 },
    ...{ enforceConnectivity: true, minSizeFactor: 0.5, maxSizeFactor: 3 },
  },
};

/** Where seeds go on from, and what is told between two passes: how they stand can be asked for. */
export interface SLICPasses {
  readonly begun?: SeedsStanding | undefined;
  readonly after: (pass: number, passes: number, stand: () => Promise<SeedsStanding>) => void | Promise<void>;
}

/** What `slic` found. */
export interface Superpixels {
  /** [height, width], from 0; −1 where a band has no data. */
  readonly labels: NdArray<Int32Array<ArrayBuffer>>;
  readonly count: number;
}

/** Scales all bands together to 0 … 1, smooths and divides by the compactness, in place. Returns the mask: 1 where every band has data. */
function prepare(planes: Float32Array, height: number, width: number, sigma: number, compactness: number): Uint8Array {
  const pixels = height * width;
  const mask = new Uint8Array(pixels).fill(1);
  for (let from = 0; from < planes.length; from += pixels)
    for (let i = 0; i < pixels; i++) {
      const value = planes[from + i]!;
      if (value - value !== 0) mask[i] = 0;
    }
  const masked = mask.includes(0);
  let [low, high] = [Infinity, -Infinity]; // of pixels with data in every band
  for (let from = 0; from < planes.length; from += pixels)
    for (let i = 0; i < pixels; i++) {
      if (mask[i] === 0) continue;
      const value = planes[from + i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  if (low === Infinity) throw new Error("slic: no pixel has data in every band");
  const span = high - low || 1;
  const scaled = (value: number): number => Math.fround((value - low) / span);
  if (sigma > 0) {
    for (let from = 0; from < planes.length; from += pixels)
      for (let i = 0; i < pixels; i++) planes[from + i] = mask[i] === 0 ? NaN : scaled(planes[from + i]!);
    smoothPlanes(planes, height, width, sigma, masked);
  }
  for (let from = 0; from < planes.length; from += pixels)
    for (let i = 0; i < pixels; i++) {
      const value = planes[from + i]!;
      planes[from + i] = mask[i] === 0 ? 0 : (sigma > 0 ? value : scaled(value)) / compactness;
    }
  return mask;
}

/**
 * Superpixels by simple linear iterative clustering: k-means in place and colour, each seed competing for the pixels of a window of two steps around it
 * (Achanta et al., "SLIC superpixels compared to state-of-the-art superpixel methods", TPAMI 2012), as scikit-image 0.19 does it, in any number of bands.
 * D² = ‖place − seed‖²/step² + ‖colour − seed's‖²/compactness². The first pass goes by place alone. Seeds gather what is near: each pixel looks at the seeds
 * of 5 × 5 cells, which is exactly those whose windows may hold it. Pixels without data in any band have none, −1, and count for no seed.
 * image [height, width] or [bands, height, width].
 * @throws for another rank, an image without a pixel that has data in all bands, and options out of range
 */
export async function slic(image: NdArrayLike, options: SLICOptions = {}): Promise<Superpixels> {
  const op = "slic";
  const {
    device: given,
    signal: stop,
    onPass,
    ...settings
  } = checkedOptions<SLICSettings & SLICOptions>(
    op,
    options,
    { ...SLIC_OPTIONS.rules, device: deviceRule, signal, onPass: optional(callable) },
    SLIC_OPTIONS.defaults,
  );
  const holder = new DeviceHolder(given);
  try {
    const after: SLICPasses["after"] = async (pass, passes) => {
      await onPass?.(pass, passes);
      if (pass < passes) stop?.throwIfAborted();
    };
    stop?.throwIfAborted();
    return await superpixels(image, settings, await holder.get([]), { after });
  } finally {
    await holder.dispose();
  }
}

/** `slic` with settings that were checked, from the beginning or on from where its seeds stood. @throws for seeds of another image */
export async function superpixels(
  image: NdArrayLike,
  { nSegments, compactness, sigma, maxIter, ...settings }: SLICSettings,
  device: Device,
  { begun, after }: SLICPasses,
): Promise<Superpixels> {
  const planes = planesOf(image, "slic");
  const [data, shape] = [planes.data.slice(), planes.shape];
  const [bands, height, width] = shape;
  const mask = prepare(data, height, width, sigma, compactness);
  await device.prepare([kernels.slicAssign, kernels.slicCenters]);
  const axes = seedAxes(height, width, nSegments);
  const places = [placesOf(axes[0], height), placesOf(axes[1], width)] as const;
  const k = places[0].length * places[1].length;
  if (begun && (begun.height !== height || begun.width !== width || begun.centers.length !== k * (bands + 2)))
    throw new Error(
      `slic: a fit goes on with the same image, ${begun.height} x ${begun.width} pixels before, [${shape.join(", ")}] now`,
    );
  const step = Math.max(axes[0].step, axes[1].step);
  const seeds = new SeedsOnDevice(device, data, mask, { bands, height, width }, places, step);
  try {
    await seeds.upload();
    if (begun) seeds.resume(begun);
    for (let pass = begun?.pass ?? 0; pass < maxIter; pass++) {
      await seeds.pass(pass > 0, pass + 1 === maxIter);
      await after(pass + 1, maxIter, () => seeds.stand(pass + 1));
    }
    const labels = await seeds.labels();
    let there = 0;
    for (const is of mask) there += is;
    const size = there / k;
    if (!settings.enforceConnectivity) return { labels: new NdArray(labels, [height, width]), count: k };
    const [least, most] = [Math.trunc(settings.minSizeFactor * size), Math.trunc(settings.maxSizeFactor * size)];
    const connected = connectRegions(labels, height, width, least, most);
    return { labels: new NdArray(connected.labels, [height, width]), count: connected.count };
  } finally {
    seeds.dispose();
  }
}
