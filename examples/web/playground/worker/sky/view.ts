// A cube as the page clusters it: rows that stand for its pixels, what is seen of it while a method runs, what lies at a place, and its files.
import { NdArray } from "constella";
import type { RowSource } from "constella";
import {
  connectRegions,
  cropped,
  cubeItems,
  fieldTiles,
  painted,
  pixelItems,
  pixelRows,
  readBands,
  regionStatistics,
  shrunkBands,
  writeLabelImage,
  writeRegions,
  type RegionStatistics,
} from "constella/astronomy";
import type { SegmentedImage } from "constella/generative";
import { labelsOf, runHistory, type Estimator } from "constella/methods";
import {
  clusteredCube,
  cubeReport,
  drawCube,
  latitudeText,
  longitudeText,
  shrunkSky,
  unitGrid,
  type ClusteringReport,
  type DrawnCube,
} from "constella/report";
import { CSOM, ESOM, SOM } from "constella/som";
import { version } from "../../../../../package.json";
import type { CubeAs, Download, FieldObjects, Region, SkyBox, SkyFrame, SkyTile } from "../../protocol";
import type { Result } from "../session";
import { Field } from "./field";
import type { Sky } from "./open";
import { labelBitmap, outlined, placeColours, placed, SkyPainter } from "./pictures";

/** Longest side of what is looked at while a map is trained. */
const LOOKED = 160;
/** Rows that are shown of a cube that is not in memory, and how many beside one another. */
const [SEEN, BESIDE] = [2500, 50];

/** The clusters of all pixels, and what was found of them so far. */
interface Found {
  readonly labels: NdArray<Int32Array<ArrayBuffer>>;
  statistics?: RegionStatistics;
  pieces?: Int32Array<ArrayBuffer>;
}

type Items = Awaited<ReturnType<typeof cubeItems>>;

/** Few pixels of a cube as rows, and pixels of a side of what became one. */
interface Looked extends Pick<Items, "x" | "of"> {
  readonly shrink: number;
}

/** Pixels that are read when they are needed, and which of them are shown. */
export interface Streamed {
  readonly source: RowSource;
  readonly index: Uint32Array<ArrayBuffer>;
}

/** Rows that are shown of n: some beside one another at places all over, so that little of the file is read for them. */
function seenOf(n: number): Uint32Array<ArrayBuffer> {
  const places = Math.ceil(SEEN / BESIDE);
  return Uint32Array.from(
    { length: SEEN },
    (_, i) => Math.floor((Math.floor(i / BESIDE) * (n - BESIDE)) / places) + (i % BESIDE),
  );
}

/** Files of a cube by the names that the command line gives them. */
export type SkyFile = Extract<Download, `${string}.fits` | "clusters.csv" | "objects.csv">;

/** Brings rows to the scale of the run. */
export type ToScale = (x: NdArray<Float32Array>) => NdArray<Float32Array>;

export class CubeView {
  readonly sky: Sky;
  readonly as: CubeAs["as"];
  /** Of a cube that is not in memory. */
  readonly streamed: Streamed | undefined;
  readonly #items: Items;
  readonly #painter: SkyPainter;
  #looked: Promise<Looked> | undefined;
  #found: Found | undefined;
  #field: Field | undefined;

  private constructor(sky: Sky, as: CubeAs["as"], items: Items, painter: SkyPainter, streamed?: Streamed) {
    [this.sky, this.as, this.streamed] = [sky, as, streamed];
    [this.#items, this.#painter] = [items, painter];
  }

  /** Rows for the pixels of a cube. @throws one line where none has data in every band, and for a cube that is too large */
  static async of(sky: Sky, { as, tileSize, ...options }: CubeAs, painter = new SkyPainter(sky)): Promise<CubeView> {
    const { cube, source, name } = sky;
    if (!cube && as !== "pixels")
      throw new Error(`${name}: ${as} are of cubes in memory, this one's pixels are read when they are needed`);
    const device = as === "superpixels" ? { device: await sky.device() } : {};
    try {
      if (cube && as === "tiles") {
        const x = fieldTiles(cube, { tileSize }).tiles;
        return new CubeView(sky, as, { x, of: pixelItems(cube).of }, painter);
      }
      if (cube)
        return new CubeView(
          sky,
          as,
          await cubeItems(cube, { ...(as === "superpixels" && { as }), ...options, ...device }),
          painter,
        );
      const rows = await pixelRows(source);
      const index = seenOf(rows.length);
      const x = new NdArray(Float32Array.from(await rows.rows(index)), [index.length, source.bands]);
      return new CubeView(sky, as, { x, of: rows.of }, painter, { source: rows, index });
    } catch (error) {
      throw new Error(`${sky.name}: ${(error as Error).message.replace(/^\w+: /, "")}`, { cause: error });
    }
  }

  /** The same cube by the rows that are asked for, with nothing found yet. */
  async with(as: CubeAs): Promise<CubeView> {
    this.#found = this.#field = undefined;
    if (as.as === "pixels" && this.as === "pixels") return this;
    return CubeView.of(this.sky, as, this.#painter);
  }

  /** [n, bands], of a field [n, bands, side, side]; of a cube that is not in memory those rows that are shown. */
  get x(): NdArray<Float32Array> {
    return this.#items.x;
  }

  /** Pixels that no row stands for. */
  get missing(): number {
    return this.#items.of.data.reduce((count, row) => count + Number(row < 0), 0);
  }

  /** What is seen before anything is clustered. */
  async picture(): Promise<{ readonly picture: SkyTile["composite"]; readonly words: string }> {
    const { small, shrink, names } = this.sky;
    const { rgb } = this.#painter;
    const words =
      new Set(rgb).size === 1
        ? names[rgb[0]!]!
        : ["red", "green", "blue"].map((colour, i) => `${colour} ${names[rgb[i]!]!}`).join(", ");
    return { picture: placed(await this.#painter.composite(small), shrink), words };
  }

  /** The clusters over the image; where there are none yet, the units of a map in training, or the clusters that an evolving map has so far. */
  async frame(
    at: Estimator | undefined,
    labels: Int32Array | undefined,
    toScale: ToScale,
  ): Promise<SkyFrame | undefined> {
    const map = at && grid(at);
    if (labels) {
      this.#found = { labels: this.labels(labels) };
      return { picture: await labelBitmap(this.#found.labels), shows: "clusters", ...(map && { map }) };
    }
    if (!(at instanceof SOM || at instanceof CSOM || at instanceof ESOM)) return undefined;
    const looked = await (this.#looked ??= this.#lookedAt());
    const x = toScale(looked.x);
    const isGrid = !(at instanceof ESOM);
    const rows = isGrid ? await at.winners(x) : await at.predict(x);
    const colours = isGrid && map ? placeColours(map.rows, map.columns) : undefined;
    return {
      picture: await labelBitmap(painted(rows, looked), looked.shrink, colours),
      shows: isGrid ? "units" : "clusters so far",
      ...(map && { map: { ...map, ...(colours && { colours }) } }),
    };
  }

  /** A part of the image in all its pixels, or as many as fit. */
  async tile(box: SkyBox, most: number): Promise<SkyTile> {
    const { cube, source } = this.sky;
    const shrink = Math.max(1, Math.ceil(Math.max(box.width, box.height) / most));
    const part = await shrunkBands(cropped(cube ?? source, box), shrink);
    const composite = placed(await this.#painter.composite(part), shrink, box.x, box.y);
    if (!this.#found) return { composite };
    const cut = (await readBands(cropped(this.#found.labels, box))).data;
    const labels = await labelBitmap({ data: cut, shape: [box.height, box.width] });
    return { composite, labels: { ...labels, x: box.x, y: box.y } };
  }

  /** What lies at a pixel: its cluster, the connected piece of it, and the spectra of both; without clusters the pixel itself. */
  async region(x: number, y: number): Promise<Region> {
    const { cube, wcs, unit, wavelengths, names, source } = this.sky;
    const { bands, height, width } = source;
    const place = wcs ? wcs.pixelToWorld([x, y]) : undefined;
    const step = wcs ? wcs.pixelScale / 2 : 1;
    const common = {
      ...{ x, y, names, unit, total: this.#items.of.data.length - this.missing },
      ...(wavelengths.every(Number.isFinite) && { wavelengths }),
      ...(place &&
        wcs && {
          sky: [longitudeText(place[0]!, wcs.system, step / 15), latitudeText(place[1]!, wcs.system, step)] as const,
        }),
    };
    const at = y * width + x;
    const values = (await readBands(cropped(cube ?? source, { x, y, width: 1, height: 1 }))).data;
    const own = { name: "this pixel", cluster: -1, size: 1, mean: values, spread: new Float32Array(bands) };
    const found = this.#found;
    const label = found?.labels.data[at];
    if (!found || label === undefined || label < 0)
      return { ...common, spectra: values.every(Number.isFinite) ? [own] : [], ...(label !== undefined && { label }) };
    const object = this.#field?.at(at);
    const pieces =
      object === undefined
        ? (found.pieces ??= connectRegions(found.labels.data, height, width, 0, height * width).labels)
        : this.#field!.segments;
    const piece = pieces[at]!;
    const mask = new NdArray(
      pieces.map((other) => (other === piece ? 0 : -1)),
      [height, width],
    );
    const whole = (found.statistics ??= this.#statistics(found.labels));
    const part = this.#statistics(mask);
    const spectraOf = (of: RegionStatistics, region: number): Pick<Region["spectra"][number], "mean" | "spread"> => ({
      mean: of.means.data.slice(region * bands, (region + 1) * bands),
      spread: of.deviations.data.slice(region * bands, (region + 1) * bands),
    });
    const count = (labels: Int32Array, wanted: number): number =>
      labels.reduce((sum, other) => sum + Number(other === wanted), 0);
    const [size, all] = [count(mask.data, 0), count(found.labels.data, label)];
    return {
      ...{ ...common, label, piece: size, pixels: all },
      border: await outlined(this.sky, (pixel) => mask.data[pixel] === 0),
      ...(object !== undefined && {
        object: { number: object + 1, of: this.#field!.count },
        stamp: await this.#field!.stamp(object, this.#painter),
      }),
      spectra: [
        { name: `cluster ${label}`, cluster: label, size: all, ...spectraOf(whole, label) },
        // a piece between the pixels of a small image has none there
        ...(part.sizes[0]! > 0
          ? [
              {
                ...{ cluster: -1, size, ...spectraOf(part, 0) },
                name: object === undefined ? "connected piece" : `object ${object + 1}`,
              },
            ]
          : [own]),
      ],
    };
  }

  /** A file of what was found. */
  file(what: SkyFile, { labels, settings }: Result, title: string): Uint8Array | string {
    const { name, names, wcs, cube } = this.sky;
    const history = runHistory({ version, title, name, as: this.as, settings });
    if (what === "mask.fits" || what === "objects.csv") {
      if (!this.#field) throw new Error(`${name}: ${what} is of a field that was cut into objects`);
      return this.#field.file(what, history);
    }
    const image = this.labels(labels);
    if (what === "clusters.csv") {
      if (!cube) throw new Error(`${name}: clusters.csv is of cubes in memory, this one is read when it is needed`);
      return writeRegions(regionStatistics(cube, image), names, wcs);
    }
    return writeLabelImage(image, this.sky, history);
  }

  /** The report of a run on it, as the command line draws it; of a cube that is not in memory the small image's. @param at whose map of units is shown */
  async report(run: ClusteringReport, labels: Int32Array, at: Estimator | undefined): Promise<DrawnCube> {
    const { cube, small, shrink, wcs, names, wavelengths, unit } = this.sky;
    const whole = this.labels(labels);
    const image = cube ? whole : this.#smallLabels(whole);
    const regions = regionStatistics(cube ?? small, image);
    const fitted = {
      ...{ cube: cube ?? small, as: this.as, names, wavelengths, unit },
      ...(this.#items.superpixels && { superpixels: this.#items.superpixels }),
      fits: { wcs: wcs && (cube ? wcs : shrunkSky(wcs, shrink)) },
    };
    const found = await clusteredCube({
      ...{ cube: fitted, labels: image, regions, device: await this.sky.device() },
      estimator: at && (at instanceof ESOM || grid(at)) ? at : undefined,
    });
    const map = found.map && { ...found.map, clusters: renumbered(found.map.clusters, labelsOf(at!), labels) };
    const told = cube ? run : { ...run, summary: `Drawn of means of ${shrink} × ${shrink} pixels.` };
    return drawCube(cubeReport(told, image), { ...found, map });
  }

  /** Labels of rows as those of pixels; of a field they are of pixels as they are. */
  labels(labels: Int32Array): NdArray<Int32Array<ArrayBuffer>> {
    return this.as === "tiles"
      ? new NdArray(Int32Array.from(labels), this.#items.of.shape)
      : painted(labels, this.#items);
  }

  /** All of it as a field, where its items are tiles. */
  get field(): NdArray<Float32Array> | undefined {
    return this.as === "tiles" ? this.sky.cube : undefined;
  }

  /** Takes over the objects that the field was cut into. Returns what is told of them. */
  async objects(found: SegmentedImage): Promise<FieldObjects> {
    this.#field = new Field(this.sky, found);
    return this.#field.objects();
  }

  /** Stamps of these objects as data. @throws where there are none */
  stamps(): ReturnType<Field["stamps"]> {
    if (!this.#field) throw new Error(`${this.sky.name}: stamps are of a field that was cut into objects`);
    return this.#field.stamps();
  }

  /** Of regions; of a cube that is not in memory, by the pixels of the small image. */
  #statistics(labels: NdArray<Int32Array>): RegionStatistics {
    const { cube, small } = this.sky;
    return cube ? regionStatistics(cube, labels) : regionStatistics(small, this.#smallLabels(labels));
  }

  /** Those of the small image: at the middle of what each of its pixels shows. */
  #smallLabels(labels: NdArray<Int32Array>): NdArray<Int32Array> {
    const { small, shrink, source } = this.sky;
    const [, height, width] = small.shape as [number, number, number];
    const middle = (at: number, most: number): number => Math.min(most - 1, at * shrink + (shrink >> 1));
    const of = Int32Array.from(
      { length: height * width },
      (_, at) =>
        labels.data[middle(Math.floor(at / width), source.height) * source.width + middle(at % width, source.width)]!,
    );
    return new NdArray(of, [height, width]);
  }

  /** Few pixels of the image as rows, or all superpixels. */
  async #lookedAt(): Promise<Looked> {
    if (this.as === "superpixels") return { ...this.#items, shrink: 1 };
    const { source, cube } = this.sky;
    const shrink = Math.max(1, Math.ceil(Math.max(source.height, source.width) / LOOKED));
    return { ...pixelItems(await shrunkBands(cube ?? source, shrink)), shrink };
  }
}

/** The grid of a map as far as there is one. */
function grid(at: Estimator): ReturnType<typeof unitGrid> {
  try {
    return unitGrid(at);
  } catch {
    return undefined;
  }
}

/** Numbers of clusters as the page has them. @param before labels of the rows by the method's own numbers @param after the same by the page's */
function renumbered(clusters: ArrayLike<number>, before: Int32Array | undefined, after: Int32Array): Int32Array {
  const shownAs = new Map(Array.from(before ?? [], (label, row) => [label, after[row]!]));
  return Int32Array.from(clusters, (cluster) => shownAs.get(cluster) ?? cluster);
}
