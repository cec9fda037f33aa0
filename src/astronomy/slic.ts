import { checkPositive, checkRange, checkInteger, checkNames } from "../checks";
import { DeviceHolder } from "../cluster/points";
import type { Device } from "../device";
import * as kernels from "../kernels/segmentation";
import type { NdArrayLike } from "../matrix";
import { toContiguous } from "../matrix";
import { NdArray } from "../ndarray";
import { empty, run, takeTensor, untidied } from "../tensor";
import type { Tensor } from "../tensor";
import { connectRegions } from "./slic-connectivity";
import { smoothPlanes } from "./slic-smooth";

/** Options of `slic`. */
export interface SLICOptions {
  /** Superpixels that are aimed at: their seeds lie on a grid, so there may be more or fewer. Default 100. */
  readonly nSegments?: number;
  /** Weight of the place against the colour. All bands together are scaled to 0 … 1 first, so 0.01 to 0.2 follows edges and 10 makes squares. Default 0.1. */
  readonly compactness?: number;
  /** Standard deviation in pixels of a Gaussian before; 0: none. Default 0. */
  readonly sigma?: number;
  /** Passes. Default 10. */
  readonly maxIter?: number;
  /** Makes superpixels of one piece. Default true. */
  readonly enforceConnectivity?: boolean;
  /** Smaller pieces than this share of the mean size join a neighbour. Default 0.5. */
  readonly minSizeFactor?: number;
  /** Larger ones than this multiple of it are cut. Default 3. */
  readonly maxSizeFactor?: number;
  readonly device?: Device;
  readonly signal?: AbortSignal;
  /** After each pass. */
  readonly onPass?: (pass: number, passes: number) => void;
}

/** What `slic` found. */
export interface Superpixels {
  /** [height, width], from 0; −1 where a band has no data. */
  readonly labels: NdArray<Int32Array<ArrayBuffer>>;
  readonly count: number;
}

/** A regular grid of seeds. */
interface Axis {
  readonly start: number;
  readonly step: number;
}

const NONE = 0xffffffff;

/**
 * Where seeds lie along the two axes: about √(HW / n) apart, from half of that on. An image that is narrower than this has one line of them.
 * Half steps are rounded to the even number.
 */
function seedAxes(height: number, width: number, n: number): readonly [Axis, Axis] {
  const pixels = height * width;
  if (n >= pixels) return [EVERY, EVERY];
  const apart = Math.sqrt(pixels / n);
  const axis = (step: number): Axis => ({ start: Math.floor(step / 2), step: Math.max(1, roundHalfEven(step)) });
  const short = Math.min(height, width);
  if (short >= apart) return [axis(apart), axis(apart)];
  const [narrow, long] = [axis(short), axis(Math.max(height, width) / n)];
  return height <= width ? [narrow, long] : [long, narrow];
}

const EVERY: Axis = { start: 0, step: 1 };

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  if (value - down !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}

const placesOf = ({ start, step }: Axis, length: number): number[] => {
  const places: number[] = [];
  for (let at = start; at < length; at += step) places.push(at);
  return places;
};

/** An image as planes [bands, height, width] of float32. @throws unless it has two or three axes, none of them empty */
export function planesOf(
  image: NdArrayLike,
  op: string,
): { data: Float32Array; shape: readonly [number, number, number] } {
  const { data, shape } = toContiguous(image, op, "image");
  if (shape.length !== 2 && shape.length !== 3)
    throw new Error(`${op}: image must be [height, width] or [bands, height, width], got [${shape.join(", ")}]`);
  if (data.length === 0) throw new Error(`${op}: image has no pixels, [${shape.join(", ")}]`);
  const [bands, height, width] = (shape.length === 2 ? [1, ...shape] : shape) as [number, number, number];
  return { data: Float32Array.from(data as ArrayLike<number>, Number), shape: [bands, height, width] };
}

/** Scales all bands together to 0 … 1, smooths and divides by the compactness. Returns the mask: 1 where every band has data. */
function prepare(planes: Float32Array, height: number, width: number, sigma: number, compactness: number): Uint8Array {
  const pixels = height * width;
  const mask = new Uint8Array(pixels).fill(1);
  let masked = false;
  for (let i = 0; i < planes.length; i++)
    if (planes[i]! - planes[i]! !== 0) {
      mask[i % pixels] = 0;
      masked = true;
    }
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < planes.length; i++) {
    if (mask[i % pixels] === 0) planes[i] = NaN;
    else [low, high] = [Math.min(low, planes[i]!), Math.max(high, planes[i]!)];
  }
  if (low === Infinity) throw new Error("slic: no pixel has data in every band");
  const range = high - low || 1;
  for (let i = 0; i < planes.length; i++) planes[i] = (planes[i]! - low) / range;
  if (sigma > 0) smoothPlanes(planes, height, width, sigma, masked);
  for (let i = 0; i < planes.length; i++) planes[i] = mask[i % pixels] === 0 ? 0 : planes[i]! / compactness;
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
  checkNames<SLICOptions>(op, options, {
    nSegments: true,
    compactness: true,
    sigma: true,
    maxIter: true,
    enforceConnectivity: true,
    minSizeFactor: true,
    maxSizeFactor: true,
    device: true,
    signal: true,
    onPass: true,
  });
  const { nSegments = 100, compactness = 0.1, sigma = 0, maxIter = 10, enforceConnectivity = true } = options;
  const { minSizeFactor = 0.5, maxSizeFactor = 3 } = options;
  checkInteger(op, { nSegments, maxIter }, 1);
  checkPositive(op, { compactness });
  checkRange(op, { sigma, minSizeFactor, maxSizeFactor }, 0);
  const { data, shape } = planesOf(image, op);
  const [bands, height, width] = shape;
  const mask = prepare(data, height, width, sigma, compactness);
  const holder = new DeviceHolder(options.device);
  const device = await holder.get([]);
  try {
    await device.prepare([kernels.slicAssign, kernels.slicCenters]);
    const axes = seedAxes(height, width, nSegments);
    const places = [placesOf(axes[0], height), placesOf(axes[1], width)] as const;
    const seeds = new SeedsOnDevice(
      device,
      data,
      mask,
      { bands, height, width },
      places,
      Math.max(axes[0].step, axes[1].step),
    );
    try {
      await seeds.upload();
      for (let pass = 0; pass < maxIter; pass++) {
        options.signal?.throwIfAborted();
        await seeds.pass(pass > 0, pass + 1 === maxIter);
        options.onPass?.(pass + 1, maxIter);
      }
      const labels = await seeds.labels();
      const k = places[0].length * places[1].length;
      const size = mask.reduce((sum, there) => sum + there, 0) / k;
      if (!enforceConnectivity) return { labels: new NdArray(labels, [height, width]), count: k };
      const [least, most] = [Math.trunc(minSizeFactor * size), Math.trunc(maxSizeFactor * size)];
      const connected = connectRegions(labels, height, width, least, most);
      return { labels: new NdArray(connected.labels, [height, width]), count: connected.count };
    } finally {
      seeds.dispose();
    }
  } finally {
    await holder.dispose();
  }
}

/** Seeds on a device, and which pixels are theirs. */
class SeedsOnDevice {
  readonly #device: Device;
  readonly #data: Float32Array;
  readonly #size: { readonly bands: number; readonly height: number; readonly width: number };
  readonly #k: number;
  readonly #weight: number;
  /** Steps of the windows, and of the cells: those of a grid of as many seeds as there are. */
  readonly #window: readonly [number, number];
  readonly #cells: readonly [number, number];
  /** Centre, colours; of which the first two are kept here, NaN where a seed has no pixels. */
  readonly #places: Float64Array;
  /** What may hold a seed's pixels: the windows of all passes. */
  readonly #boxes: Uint32Array;
  #image: Tensor | undefined;
  readonly #tensors: Readonly<Record<"centers" | "windows" | "cells" | "members" | "boxes" | "counts", Tensor>>;
  #labels: Tensor;
  #previous: Tensor;

  constructor(
    device: Device,
    data: Float32Array,
    mask: Uint8Array,
    size: { bands: number; height: number; width: number },
    [rows, columns]: readonly [readonly number[], readonly number[]],
    step: number,
  ) {
    const k = rows.length * columns.length;
    const { bands, height, width } = size;
    [this.#device, this.#data, this.#size, this.#k, this.#weight] = [device, data, size, k, 1 / (step * step)];
    const windows = seedAxes(height, width, k);
    this.#window = [windows[0].step, windows[1].step];
    this.#cells = [Math.ceil(height / this.#window[0]), Math.ceil(width / this.#window[1])];
    this.#places = Float64Array.from(rows.flatMap((y) => columns.flatMap((x) => [y, x])));
    this.#boxes = new Uint32Array(4 * k);
    for (let center = 0; center < k; center++) this.#boxes.set([NONE, 0, NONE, 0], 4 * center);
    const make = (length: number, dtype: "f32" | "u32"): Tensor =>
      untidied(() => empty(device, [length], dtype, "slic"));
    this.#tensors = {
      centers: make(k * (bands + 2), "f32"),
      windows: make(4 * k, "u32"),
      cells: make(this.#cells[0] * this.#cells[1] + 1, "u32"),
      members: make(k, "u32"),
      boxes: make(4 * k, "u32"),
      counts: make(k, "u32"),
    };
    [this.#labels, this.#previous] = [make(height * width, "u32"), make(height * width, "u32")];
    device.write(
      this.#labels.buffer,
      Uint32Array.from(mask, (there) => (there === 1 ? 0 : NONE)),
    );
    const centers = new Float32Array(k * (bands + 2));
    for (let center = 0; center < k; center++)
      centers.set(this.#places.subarray(2 * center, 2 * center + 2), center * (bands + 2));
    device.write(this.#tensors.centers.buffer, centers);
  }

  async upload(): Promise<void> {
    this.#image = await takeTensor(this.#device, this.#data, [this.#data.length]);
  }

  dispose(): void {
    for (const used of [...Object.values(this.#tensors), this.#labels, this.#previous, this.#image]) used?.dispose();
  }

  /** Assigns pixels, and unless it is the last pass moves the seeds. */
  async pass(colored: boolean, last: boolean): Promise<void> {
    const { bands, height, width } = this.#size;
    const [cell_y, cell_x] = this.#window;
    const [cells_y, cells_x] = this.#cells;
    const { centers, windows, cells, members, boxes, counts } = this.#tensors;
    this.#place();
    [this.#labels, this.#previous] = [this.#previous, this.#labels];
    const image = this.#image!;
    run(kernels.slicAssign, {
      ...{ image, centers, windows, cells, members, previous: this.#previous, labels: this.#labels },
      ...{ height, width, bands, cells_y, cells_x, cell_y, cell_x, colored: Number(colored), weight: this.#weight },
    });
    if (last) return;
    const { labels } = { labels: this.#labels };
    run(kernels.slicCenters, { image, labels, boxes, centers, counts, height, width, bands, k: this.#k });
    const [moved, sizes] = await Promise.all([centers.data(), counts.data()]);
    for (let center = 0; center < this.#k; center++)
      for (let axis = 0; axis < 2; axis++)
        this.#places[2 * center + axis] = sizes[center]! > 0 ? moved[center * (bands + 2) + axis]! : NaN;
  }

  async labels(): Promise<Int32Array<ArrayBuffer>> {
    return new Int32Array((await this.#labels.data()).buffer);
  }

  /** Windows and cells of the seeds where they are; a seed without pixels is in none. */
  #place(): void {
    const { height, width } = this.#size;
    const sizes = [height, width];
    const windows = new Uint32Array(4 * this.#k);
    const cellOf = new Int32Array(this.#k).fill(-1);
    const cells = new Uint32Array(this.#cells[0] * this.#cells[1] + 1);
    for (let center = 0; center < this.#k; center++) {
      if (Number.isNaN(this.#places[2 * center]!)) continue;
      let cell = 0;
      for (let axis = 0; axis < 2; axis++) {
        const at = this.#places[2 * center + axis]!;
        const reach = 2 * this.#window[axis]!;
        const from = Math.trunc(Math.max(at - reach, 0));
        const to = Math.trunc(Math.min(at + reach + 1, sizes[axis]!));
        windows[4 * center + 2 * axis] = from;
        windows[4 * center + 2 * axis + 1] = to;
        const box = 4 * center + 2 * axis;
        this.#boxes[box] = Math.min(this.#boxes[box]!, from);
        this.#boxes[box + 1] = Math.max(this.#boxes[box + 1]!, to);
        cell = cell * this.#cells[axis]! + Math.floor(at / this.#window[axis]!);
      }
      cellOf[center] = cell;
      cells[cell + 1]!++;
    }
    for (let cell = 1; cell < cells.length; cell++) cells[cell]! += cells[cell - 1]!;
    const next = cells.slice();
    const members = new Uint32Array(this.#k);
    cellOf.forEach((cell, center) => {
      if (cell >= 0) members[next[cell]!++] = center;
    });
    const { buffer: windowsBuffer } = this.#tensors.windows;
    this.#device.write(windowsBuffer, windows);
    this.#device.write(this.#tensors.cells.buffer, cells);
    this.#device.write(this.#tensors.members.buffer, members);
    this.#device.write(this.#tensors.boxes.buffer, this.#boxes);
  }
}
