import { FitsFile, type FitsHeader, type FitsImage, type FitsSource, type HduChoice } from "../fits";
import { bandOf, bandsOf, checkRows, rowsRegion, type BandSource } from "../bands/source";
import { Wcs } from "../sky";
import { filterOf, fluxFactor, wavelengthOf, type FluxUnit } from "./units";

/** Options of `openBands`. */
export interface OpenOptions {
  /** HDU of the image. Default: SCI where there is one, else the first with an image. */
  readonly hdu?: HduChoice;
  /** Bring values to this unit. */
  readonly unit?: FluxUnit;
  /** Number of the one band to open, from 0. Default: all. */
  readonly band?: number;
  /** Flags in DQ that make a pixel bad, as bits. Default: all. */
  readonly dqBits?: number;
}

/** What a source is called: a path, or the name of a file that was chosen in a page. */
const pathOf = (source: FitsSource): string | undefined =>
  typeof source === "string" ? source : source instanceof Blob && "name" in source ? String(source.name) : undefined;

/** One or more bands of a file, with what their headers say. */
export interface OpenedBands extends BandSource {
  readonly header: FitsHeader;
  /** Undefined where the header has no coordinates of the sky. */
  readonly wcs: Wcs | undefined;
  /** The file: its path, or the name that it was chosen by; undefined of bytes. */
  readonly path: string | undefined;
  /** Filters, or the file's name where there is none. */
  readonly names: readonly string[];
  /** Nanometres; NaN where nothing tells it. */
  readonly wavelengths: readonly number[];
  /** Unit of the values, "" where it is not known. */
  readonly unit: string;
  /** 1 / ERR², 0 where a pixel is bad; undefined without ERR. */
  readonly weights: BandSource | undefined;
  /** Closes the files. */
  close(): Promise<void>;
}

/** An image's values, NaN where DQ has a flag or ERR is no error. */
function masked(
  image: BandSource,
  dq: FitsImage | undefined,
  err: BandSource | undefined,
  bits: number,
  band: number | undefined,
): BandSource {
  if (!dq && !err) return image;
  const { bands, height, width } = image;
  return {
    ...{ bands, height, width },
    rows: async (begin, end) => {
      const rows = await image.rows(begin, end);
      if (err) {
        const errors = await err.rows(begin, end);
        for (let i = 0; i < rows.length; i++) if (!(errors[i]! > 0 && errors[i]! < Infinity)) rows[i] = NaN;
      }
      if (dq) {
        const flags = (await flagRows(dq, begin, end, band)) as ArrayLike<number>;
        for (let i = 0; i < rows.length; i++) if ((Number(flags[i]!) & bits) !== 0) rows[i] = NaN;
      }
      return rows;
    },
  };
}

const flagRows = async (
  dq: FitsImage,
  begin: number,
  end: number,
  band: number | undefined,
): Promise<ArrayLike<number | bigint>> => (await dq.integers({ region: rowsRegion(dq.shape, begin, end, band) })).data;

const scaled = (source: BandSource, factor: number): BandSource => ({
  ...{ bands: source.bands, height: source.height, width: source.width },
  rows: async (begin, end) => (await source.rows(begin, end)).map((value) => value * factor),
});

/** The companion of an image in the same file: of its name and version, and its size. */
function companion(file: FitsFile, name: string, version: number, image: FitsImage): FitsImage | undefined {
  const hdu = file.hdus.find(
    (h) => h.name.trim().toUpperCase() === name && h.version === version && file.hasImage(h.index),
  );
  const found = hdu && file.image(hdu.index);
  if (found && found.shape.join() !== image.shape.join())
    throw new Error(
      `openBands: ${name} must have the image's size, got [${found.shape.join(", ")}] and [${image.shape.join(", ")}]`,
    );
  return found;
}

/** An image's header, with keywords of the primary one that it lacks: filters and exposures often stand there alone. */
function lookup(file: FitsFile, image: FitsImage): FitsHeader {
  const primary = file.hdus[0]!.header;
  const missing = primary.cards.filter(
    ({ key }) =>
      /^(FILTER|FILTER[12]|FILTNAM1|BAND|PHOT\w+|EXPTIME|BUNIT|OBJECT|TELESCOP|INSTRUME)$/.test(key) &&
      !image.header.has(key),
  );
  const Header = primary.constructor as new (cards: FitsHeader["cards"]) => FitsHeader;
  return new Header([...image.header.cards, ...missing]);
}

/**
 * Opens the bands of a file for preparing: the image or cube, NaN where DQ has a flag or ERR is not above 0, brought to a unit on request.
 * @throws `fits: …`, `wcs: …`, `units: …`, with the path or the file's name
 */
export async function openBands(source: FitsSource, options: OpenOptions = {}): Promise<OpenedBands> {
  let file: FitsFile | undefined;
  try {
    file = await FitsFile.open(source);
    return opened(file, source, options);
  } catch (error) {
    await file?.close();
    const { message } = error as Error;
    const path = pathOf(source);
    if (path === undefined || message.includes(path)) throw error;
    throw new Error(`${message} (${path})`, { cause: error });
  }
}

function opened(file: FitsFile, source: FitsSource, { hdu, unit, dqBits = -1, band }: OpenOptions): OpenedBands {
  const isScience = ({ name, index }: FitsFile["hdus"][number]): boolean =>
    name.trim().toUpperCase() === "SCI" && file.hasImage(index);
  const chosen =
    hdu !== undefined
      ? file.hdu(hdu)
      : (file.hdus.find(isScience) ?? file.hdus.find(({ index }) => file.hasImage(index)));
  const image = file.image(chosen?.index);
  const header = lookup(file, image);
  const sourceOf = (from: FitsImage): BandSource =>
    band === undefined ? bandsOf(from, "openBands") : bandOf(from, band, "openBands");
  const plain = sourceOf(image);
  const version = chosen!.version;
  const isNamed = chosen!.name !== "";
  const err = isNamed ? companion(file, "ERR", version, image) : undefined;
  const dq = isNamed ? companion(file, "DQ", version, image) : undefined;
  const errors = err && sourceOf(err);
  const values = masked(plain, dq, errors, dqBits, band);
  const factor = unit === undefined ? 1 : fluxFactor(header, unit);
  const { bands, height, width } = plain;
  const stem = pathOf(source)
    ?.replace(/^.*[\\/]/, "")
    .replace(/\.fits?(\.gz)?$/i, "");
  const name = filterOf(header) ?? stem ?? "band";
  const all = band === undefined ? bands : bandsOf(image, "openBands").bands;
  const numbers = Array.from({ length: bands }, (_, i) => i + (band ?? 0));
  return {
    ...{ bands, height, width, header, path: pathOf(source) },
    rows: (factor === 1 ? values : scaled(values, factor)).rows,
    wcs: header.has("CTYPE1") && header.has("CTYPE2") ? new Wcs(header) : undefined,
    names: numbers.map((i) => header.string(`BAND${i + 1}`) ?? (all === 1 ? name : `${name} ${i + 1}`)),
    wavelengths: numbers.map((i) => header.number(`WAVE${i + 1}`) ?? (all === 1 ? (wavelengthOf(header) ?? NaN) : NaN)),
    unit: unit ?? header.string("BUNIT") ?? "",
    weights: errors && {
      ...{ bands, height, width },
      rows: async (begin, end) => {
        checkRows(begin, end, height);
        const [valid, sigma] = [await values.rows(begin, end), await errors.rows(begin, end)];
        return sigma.map((value, i) => (Number.isNaN(valid[i]!) ? 0 : 1 / (value * factor) ** 2));
      },
    },
    close: () => file.close(),
  };
}
