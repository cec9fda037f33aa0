import type { RandomAccess } from "../../data/formats/source";
import { CompressedPixels } from "./tiles/compressed";
import { axesOf, bitpixOf, checkComplete, readHdus, type Hdu } from "./hdu";
import { FitsImage } from "./image";
import { PlainPixels } from "./pixels";
import { scalingOf } from "./scaling";
import { openSource, type FitsSource } from "./source";
import { FitsTable } from "./tables/table";

/** Which HDU is meant: its number (0 is the primary one), its EXTNAME, or EXTNAME and EXTVER. Names are compared without regard to case. */
export type HduChoice = number | string | { readonly name: string; readonly version?: number };

/** Whether an HDU has an image with pixels. */
const hasImage = ({ kind, header }: Hdu): boolean =>
  kind === "compressed image" || (kind === "image" && (header.integer("NAXIS") ?? 0) > 0);

/**
 * A FITS file: its headers are read when it is opened, images and tables when they are asked for, and then the region alone.
 *
 * ```ts
 * const file = await FitsFile.open("m83.fits");
 * const strip = await file.image("SCI").rows(0, 64, { type: "float32" }); // [bands, 64, width]
 * await file.close();
 * ```
 * Source: FITS standard 4.0.
 */
export class FitsFile {
  /** The file's HDUs, in their order. */
  readonly hdus: readonly Hdu[];
  readonly #access: RandomAccess;

  private constructor(access: RandomAccess, hdus: readonly Hdu[]) {
    this.#access = access;
    this.hdus = hdus;
  }

  /**
   * Opens a file by its path, of a `Blob` or of bytes; gzip data are unpacked. Close it where it is of a path.
   * @throws `fits: …` where it is no FITS file, and `cannot read FILE: …`
   */
  static async open(source: FitsSource): Promise<FitsFile> {
    const access = await openSource(source).catch((error: Error) => {
      throw named(error, source);
    });
    try {
      return new FitsFile(access, await readHdus(access));
    } catch (error) {
      if (typeof source === "string") await access.close?.();
      throw named(error as Error, source);
    }
  }

  /** The HDU that is meant. @throws where there is none */
  hdu(choice: HduChoice): Hdu {
    if (typeof choice === "number") {
      const found = this.hdus[choice];
      if (found) return found;
      throw new Error(`fits: HDU must be from 0 to ${this.hdus.length - 1}, got ${choice}`);
    }
    const { name, version } = typeof choice === "string" ? { name: choice, version: undefined } : choice;
    const plain = (text: string): string => text.trim().toUpperCase();
    const found = this.hdus.find(
      (hdu) => plain(hdu.name) === plain(name) && (version === undefined || hdu.version === version),
    );
    if (found) return found;
    const there = this.hdus.map((hdu) => (hdu.name ? `${hdu.name},${hdu.version}` : `${hdu.index}`));
    throw new Error(
      `fits: there is no HDU ${name}${version === undefined ? "" : `,${version}`}, there are ${there.join(" ")}`,
    );
  }

  /** The image of an HDU. Default: the first that has one. @throws where it has none, or one that is not read, and where its data are cut */
  image(choice?: HduChoice): FitsImage {
    const hdu = choice === undefined ? this.hdus.find(hasImage) : this.hdu(choice);
    if (!hdu) throw new Error(`fits: there is no image in the file's ${this.hdus.length} HDUs`);
    if (!hasImage(hdu))
      throw new Error(
        `fits: HDU ${hdu.index} must be an image, got ${hdu.kind === "image" ? "an empty one (NAXIS 0)" : hdu.kind}`,
      );
    checkComplete(hdu, this.#access);
    if (hdu.kind === "compressed image") {
      const pixels = new CompressedPixels(this.#access, hdu);
      return new FitsImage(pixels.header, pixels.shape, pixels.bitpix, pixels, pixels.scaling);
    }
    const { header } = hdu;
    const where = `HDU ${hdu.index}`;
    const shape = axesOf(header, where).reverse();
    const bitpix = bitpixOf(header, where);
    const scaling = scalingOf(header, bitpix);
    return new FitsImage(header, shape, bitpix, new PlainPixels(this.#access, hdu, shape, bitpix, scaling), scaling);
  }

  /** Whether an HDU holds an image with pixels. */
  hasImage(choice: HduChoice): boolean {
    return hasImage(this.hdu(choice));
  }

  /** The binary table of an HDU. Default: the first. @throws where it is none, and where its data are cut */
  table(choice?: HduChoice): FitsTable {
    const hdu = choice === undefined ? this.hdus.find(({ kind }) => kind === "table") : this.hdu(choice);
    if (!hdu) throw new Error(`fits: there is no binary table in the file's ${this.hdus.length} HDUs`);
    if (hdu.kind !== "table") throw new Error(`fits: HDU ${hdu.index} must be a binary table, got ${hdu.kind}`);
    checkComplete(hdu, this.#access);
    return new FitsTable(this.#access, hdu);
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#access.close?.();
  }
}

/** An error with the path of the file it is about. */
function named(error: Error, source: FitsSource): Error {
  if (typeof source !== "string" || error.message.includes(source)) return error;
  return new Error(`${error.message} (${source})`, { cause: error });
}
