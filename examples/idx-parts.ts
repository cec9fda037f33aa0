// Data sets in the form of MNIST: idx files of images and labels, in parts.
import { join } from "node:path";
import { loadLabels, loadMatrix } from "constella/data";
import { NdArray } from "constella";

/** Name of a file of such a set; `ending`: ".gz" where they are packed. */
export const idxName = (part: string, kind: "images" | "labels", ending = ""): string =>
  `${part}-${kind}-idx${kind === "images" ? 3 : 1}-ubyte${ending}`;

/** The parts, one after the other: images [n, height, width] and their labels. @throws where a file cannot be read */
export async function loadIdxParts(
  folder: string,
  parts: readonly string[],
  ending = "",
): Promise<{ images: NdArray<Uint8Array>; labels: Int32Array }> {
  const read = await Promise.all(
    parts.map(async (part) => ({
      images: await loadMatrix(join(folder, idxName(part, "images", ending))),
      labels: (await loadLabels(join(folder, idxName(part, "labels", ending)))).labels,
    })),
  );
  const [, height, width] = read[0]!.images.shape as [number, number, number];
  const labels = Int32Array.from(read.flatMap((part) => [...part.labels]));
  const pixels = new Uint8Array(labels.length * height * width);
  let at = 0;
  for (const { images } of read) {
    pixels.set(images.data as Uint8Array, at);
    at += images.data.length;
  }
  return { images: new NdArray(pixels, [labels.length, height, width]), labels };
}
