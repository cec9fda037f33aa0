import { NdArray } from "../../../ndarray";
import { holdsFiles, listClassFolders, type ClassFolders, type FileKind } from "../class-folders";
import { readFile } from "../files";
import { fitImage, readImage } from "./images";
import type { Fit } from "./images";

/** Pictures in a folder, or in folders of which each is a class. */
export interface ImageFolder extends ClassFolders {
  /** [n, channels, height, width], 0 … 255. */
  readonly images: NdArray<Uint8Array>;
  /** Heights and widths of the pictures as they are stored, where they differ. */
  readonly sizes: { readonly smallest: Size; readonly largest: Size } | undefined;
}

type Size = readonly [height: number, width: number];

/** Options of `loadImageFolder`. */
export interface ImageFolderOptions {
  /** Height and width that every picture is brought to; default: they must have one size. `"smallest"`: the least height and width of them. */
  readonly size?: Size | "smallest" | undefined;
  /** How pictures of another shape are brought to it; default `"cover"`. */
  readonly fit?: Fit | undefined;
  /** 1 for grey, 3 for colour. Default: as in the files, colour where any of them has it. */
  readonly channels?: 1 | 3 | undefined;
  /** Pixels of a picture at most (see `readImage`). */
  readonly maxPixels?: number | undefined;
}

const PICTURES: FileKind = {
  ...{ op: "image folder", items: "pictures", file: "PNG or JPEG file" },
  isOne: (name) => /\.(png|jpe?g)$/i.test(name),
};

/** Whether the path is a folder with pictures in it, or in one of its folders. Throws as `readFile`. */
export const isImageFolder = (path: string): Promise<boolean> => holdsFiles(path, PICTURES);

/**
 * Reads a folder of PNG and JPEG files: one folder a class, as `train/cat/1.png`, or all in one, without classes. Classes and files are in
 * alphabetical order; files of other kinds, folders without pictures and hidden ones are passed over. In Node and Deno. Throws one line that names the file for a picture
 * that cannot be read or has another size, and for a folder without pictures.
 */
export async function loadImageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  const { size, fit = "cover", channels: wanted, maxPixels } = options;
  const { files, labels, classes, passedOver } = await listClassFolders(path, PICTURES);
  const pictures: NdArray<Uint8Array>[] = [];
  for (const file of files) {
    try {
      const picture = readImage(await readFile(file), { channels: wanted, maxPixels });
      pictures.push(size && size !== "smallest" ? fitImage(picture, ...size, fit) : picture);
    } catch (error) {
      throw new Error(`${(error as Error).message} (${file})`, { cause: error });
    }
  }
  const sizes = sizesOf(pictures);
  if (sizes && size === "smallest") pictures.forEach((p, i) => (pictures[i] = fitImage(p, ...sizes.smallest, fit)));
  const [height, width] = pictures[0]!.shape as [number, number, number];
  const odd = pictures.findIndex(({ shape: [h, w] }) => h !== height || w !== width);
  if (odd >= 0)
    throw new Error(
      `image folder: pictures must have one size, got ${height} x ${width} at first, ${pictures[odd]!.shape.slice(0, 2).join(" x ")} in ${files[odd]}; give a size to bring them to`,
    );
  const channels = wanted ?? pictures.reduce<number>((most, { shape }) => Math.max(most, shape[2]!), 1);
  const images = new NdArray(channelsFirst(pictures, channels), [pictures.length, channels, height, width]);
  return { images, labels, classes, files, passedOver, sizes };
}

function sizesOf(pictures: readonly NdArray<Uint8Array>[]): ImageFolder["sizes"] {
  let low: Size = [Infinity, Infinity];
  let high: Size = [0, 0];
  for (const { shape } of pictures) {
    const [h, w] = shape as [number, number];
    low = [Math.min(low[0], h), Math.min(low[1], w)];
    high = [Math.max(high[0], h), Math.max(high[1], w)];
  }
  return low[0] === high[0] && low[1] === high[1] ? undefined : { smallest: low, largest: high };
}

/** Pictures [height, width, channels] as planes, a grey one the same in each. */
function channelsFirst(pictures: readonly NdArray<Uint8Array>[], channels: number): Uint8Array {
  const [height, width] = pictures[0]!.shape as [number, number];
  const plane = height * width;
  const data = new Uint8Array(pictures.length * channels * plane);
  pictures.forEach(({ data: pixels, shape: [, , own = 1] }, i) => {
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < plane; p++) data[(i * channels + c) * plane + p] = pixels[p * own + Math.min(c, own - 1)]!;
  });
  return data;
}
