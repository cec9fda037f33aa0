// A field that was cut into objects: where they are, what is known of each, their stamps and files.
import type { NdArray } from "constella";
import { cropped, cutStamps, objectTable, readBands, writeObjects, writeSkyImage } from "constella/astronomy";
import type { SegmentedImage } from "constella/generative";
import type { FieldObjects, SkyPicture } from "../../protocol";
import type { Sky } from "./open";
import { outlined, placed, type SkyPainter } from "./pictures";

/** Objects that the page lists. */
const LISTED = 500;
/** Side of stamps in pixels. */
const STAMP = 32;

/** Objects of a field. */
export class Field {
  readonly #sky: Sky;
  readonly #found: SegmentedImage;

  constructor(sky: Sky, found: SegmentedImage) {
    [this.#sky, this.#found] = [sky, found];
  }

  get count(): number {
    return this.#found.objects.length;
  }

  /** The number of the object of each pixel, from 1; 0 none. */
  get segments(): Int32Array {
    return this.#found.segments.data;
  }

  /** The position of the object at a pixel among all. */
  at(pixel: number): number | undefined {
    const number = this.segments[pixel]!;
    return number > 0 ? number - 1 : undefined;
  }

  /** What the page is told of them. */
  async objects(): Promise<FieldObjects> {
    const { names, wcs } = this.#sky;
    const { columns, values } = objectTable(this.#found.objects.slice(0, LISTED), names, wcs);
    const { segments } = this;
    return {
      ...{ columns, values: values.data, pixels: this.#pixels(values.shape[0]!), total: this.count },
      outlines: await outlined(this.#sky, (at) => segments[at]! > 0),
    };
  }

  /** What lies around an object. */
  async stamp(object: number, painter: SkyPainter): Promise<SkyPicture> {
    const { source, cube } = this.#sky;
    const { row, column } = this.#found.objects[object]!;
    const [height, width] = [source.height, source.width].map((size) => Math.min(STAMP, size)) as [number, number];
    const begin = (middle: number, side: number, whole: number): number =>
      Math.max(0, Math.min(whole - side, Math.round(middle - (side - 1) / 2)));
    const [x, y] = [begin(column, width, source.width), begin(row, height, source.height)];
    const part = await readBands(cropped(cube ?? source, { x, y, width, height }));
    return placed(await painter.composite(part), 1, x, y);
  }

  /** Stamps of the objects, and which of them have one; the others reach beyond the data. */
  stamps(): { readonly name: string; readonly stamps: NdArray<Float32Array>; readonly ids: readonly string[] } {
    const { cube, name } = this.#sky;
    const places = this.#found.objects.flatMap(({ column, row }) => [column, row]);
    const { stamps, index } = cutStamps(cube!, places, STAMP);
    if (index.length === 0) throw new Error(`${name}: no object has ${STAMP} x ${STAMP} pixels with data`);
    return { name, stamps, ids: Array.from(index, (object) => `object ${object + 1}`) };
  }

  /** A file, as the command line writes it. */
  file(what: "mask.fits" | "objects.csv", history: readonly string[]): Uint8Array | string {
    const { mask, objects } = this.#found;
    if (what === "mask.fits") return writeSkyImage(mask, this.#sky, history);
    return writeObjects(objects, this.#sky.names, this.#sky.wcs);
  }

  /** Of the first objects the pixel of theirs that is nearest to the centroid. */
  #pixels(count: number): Int32Array<ArrayBuffer> {
    const { width } = this.#sky.source;
    const pixels = new Int32Array(2 * count);
    const least = new Float64Array(count).fill(Infinity);
    this.segments.forEach((number, at) => {
      const object = number - 1;
      if (object < 0 || object >= count) return;
      const { row, column } = this.#found.objects[object]!;
      const [x, y] = [at % width, Math.floor(at / width)];
      const away = (x - column) ** 2 + (y - row) ** 2;
      if (away >= least[object]!) return;
      least[object] = away;
      pixels.set([x, y], 2 * object);
    });
    return pixels;
  }
}
