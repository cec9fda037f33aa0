import { NdArray } from "../../ndarray";
import { listFolders, listFolder, readFile } from "./files";
import { readImage, resizeImage } from "./images";

/** Pictures in folders, one folder a class. */
export interface ImageFolder {
  /** [n, channels, height, width], 0 … 255. */
  readonly images: NdArray<Uint8Array>;
  /** Class of each picture: the place of its folder in `classes`. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** Names of the folders, in alphabetical order. */
  readonly classes: readonly string[];
  /** Path of each picture. */
  readonly files: readonly string[];
}

/** Options of `loadImageFolder`. */
export interface ImageFolderOptions {
  /** Height and width that every picture is brought to; default: they must have one size. */
  readonly size?: readonly [height: number, width: number];
  /** 1 for grey, 3 for colour. Default: as in the files, colour where any of them has it. */
  readonly channels?: 1 | 3;
}

const EXTENSIONS = [".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG"];

/** Whether the path is a folder with folders in it. Throws as `readFile`. */
export async function isImageFolder(path: string): Promise<boolean> {
  return ((await listFolders(path)) ?? []).length > 0;
}

/**
 * Reads a folder that has one folder a class with PNG and JPEG files in it, as `train/cat/1.png`. Classes and files are in alphabetical order;
 * files of other kinds and hidden ones are passed over. In Node and Deno. Throws one line that names the file for a picture that cannot be read
 * or has another size, and for a folder without classes or a class without pictures.
 */
export async function loadImageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  const { size, channels: wanted } = options;
  const folders = await listFolders(path);
  if (!folders) throw new Error(`image folder: ${path} is no folder`);
  if (folders.length === 0) throw new Error(`image folder: there must be one folder a class in ${path}, there is none`);
  const [classes, files, labels]: [string[], string[], number[]] = [[], [], []];
  for (const { name, path: folder } of folders) {
    const lists = await Promise.all(EXTENSIONS.map((extension) => listFolder(folder, extension)));
    const own = lists.flatMap((list) => list ?? []).sort();
    if (own.length === 0) throw new Error(`image folder: class ${name} has no PNG or JPEG file, in ${folder}`);
    labels.push(...own.map(() => classes.length));
    files.push(...own);
    classes.push(name);
  }
  const pictures: NdArray<Uint8Array>[] = [];
  for (const file of files) {
    try {
      const picture = readImage(await readFile(file), wanted);
      pictures.push(size ? resizeImage(picture, ...size) : picture);
    } catch (error) {
      throw new Error(`${(error as Error).message} (${file})`, { cause: error });
    }
  }
  const [height, width] = pictures[0]!.shape as [number, number, number];
  const odd = pictures.findIndex(({ shape: [h, w] }) => h !== height || w !== width);
  if (odd >= 0)
    throw new Error(
      `image folder: pictures must have one size, ${height} x ${width} at first, ${pictures[odd]!.shape.slice(0, 2).join(" x ")} in ${files[odd]}; give a size to bring them to`,
    );
  const channels = wanted ?? Math.max(...new Set(pictures.map(({ shape }) => shape[2]!)));
  const plane = height * width;
  const data = new Uint8Array(pictures.length * channels * plane);
  pictures.forEach(({ data: pixels, shape: [, , own = 1] }, i) => {
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < plane; p++) data[(i * channels + c) * plane + p] = pixels[p * own + Math.min(c, own - 1)]!;
  });
  const images = new NdArray(data, [pictures.length, channels, height, width]);
  return { images, labels: Int32Array.from(labels), classes, files };
}
