import type { Device } from "../../device";
import * as kernels from "../../kernels/segmentation";
import { empty, run, takeTensor, untidied } from "../../tensor";
import type { Tensor } from "../../tensor";
import { mapTo } from "../../typed-arrays";

/** A regular grid of seeds. */
export interface Axis {
  readonly start: number;
  readonly step: number;
}

const NONE = 0xffffffff;

/**
 * Where seeds lie along the two axes: about √(HW / n) apart, from half of that on. An image that is narrower than this has one line of them.
 * Half steps are rounded to the even number.
 */
export function seedAxes(height: number, width: number, n: number): readonly [Axis, Axis] {
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

/** Where the seeds of an axis lie. */
export const placesOf = ({ start, step }: Axis, length: number): number[] => {
  const places: number[] = [];
  for (let at = start; at < length; at += step) places.push(at);
  return places;
};

/** Where seeds stand between two passes. */
export interface SeedsStanding {
  /** Passes that are over. */
  readonly pass: number;
  /** Of the image. */
  readonly height: number;
  readonly width: number;
  /** Centre, colours, [k, 2 + bands]; 0 of a seed without pixels. */
  readonly centers: Float32Array;
  /** The centres, [k, 2]; −1 of a seed without pixels. */
  readonly places: Float64Array;
  /** What may hold a seed's pixels, [k, 4]: first row, row after the last, first column, column after the last. */
  readonly boxes: Int32Array;
  /** The seed of each pixel, −1 for none. */
  readonly labels: Int32Array;
}

/** Seeds on a device, and which pixels are theirs. */
export class SeedsOnDevice {
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
      mapTo(Uint32Array, mask, (there) => (there === 1 ? 0 : NONE)),
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
    run(kernels.slicCenters, { image, labels: this.#labels, boxes, centers, counts, height, width, bands, k: this.#k });
    const [moved, sizes] = await Promise.all([centers.data(), counts.data()]);
    for (let center = 0; center < this.#k; center++)
      for (let axis = 0; axis < 2; axis++)
        this.#places[2 * center + axis] = sizes[center]! > 0 ? moved[center * (bands + 2) + axis]! : NaN;
  }

  /** Where they stand after so many passes. */
  async stand(pass: number): Promise<SeedsStanding> {
    const places = this.#places.map((place) => (Number.isNaN(place) ? -1 : place));
    const { centers } = this.#tensors;
    const [moved, labels] = await Promise.all([centers.data(), this.labels()]);
    const { bands, height, width } = this.#size;
    return {
      ...{ pass, height, width, places, labels, boxes: Int32Array.from(this.#boxes) },
      centers: mapTo(Float32Array, moved, (value, at) => (places[2 * Math.floor(at / (bands + 2))]! < 0 ? 0 : value)),
    };
  }

  /** Goes on from where seeds of the same image stood. */
  resume({ centers, places, boxes, labels }: SeedsStanding): void {
    this.#places.set(places.map((place) => (place < 0 ? NaN : place)));
    this.#boxes.set(Uint32Array.from(boxes));
    this.#device.write(this.#tensors.centers.buffer, centers);
    this.#device.write(this.#labels.buffer, labels);
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
