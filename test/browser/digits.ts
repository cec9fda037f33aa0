import { readFile } from "node:fs/promises";
import { readNpz, writeNpy } from "../../src/data";

/** The first handwritten digits, 8 × 8, and their classes, as npy files. */
export async function digits(count: number): Promise<{ images: Uint8Array; labels: Uint8Array }> {
  const arrays = readNpz(await readFile("test/fixtures/digits_8x8.npz"));
  const [images, labels] = [arrays.get("images")!, arrays.get("labels")!];
  return {
    images: writeNpy({
      data: Uint8Array.from(images.data.subarray(0, count * 64) as Uint8Array),
      shape: [count, 8, 8],
    }),
    labels: writeNpy(Int32Array.from(labels.data.subarray(0, count) as Uint8Array)),
  };
}
