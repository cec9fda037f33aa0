// Small pictures of items, as bytes.

/** Small pictures, as many as there are items that have one. */
export interface Thumbnails {
  /** [items, height, width, channels] */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** One picture as a canvas takes it; `image` is made use of again for the next. */
export function imageOf(
  { pixels, height, width, channels }: Thumbnails,
  item: number,
  image = new ImageData(width, height),
): ImageData {
  for (let p = 0; p < width * height; p++) {
    const from = (item * width * height + p) * channels;
    for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[from + (channels === 3 ? c : 0)]!;
    image.data[4 * p + 3] = 255;
  }
  return image;
}

/** Paints pictures side by side, so many in a row, on a canvas that takes their size. */
export function paintThumbnails(
  canvas: HTMLCanvasElement,
  thumbnails: Thumbnails,
  items: readonly number[],
  columns: number,
): void {
  const { height, width } = thumbnails;
  const rows = Math.max(1, Math.ceil(items.length / columns));
  const gap = 1;
  canvas.width = columns * (width + gap) - gap;
  canvas.height = rows * (height + gap) - gap;
  const context = canvas.getContext("2d")!;
  const image = new ImageData(width, height);
  items.forEach((item, at) =>
    context.putImageData(
      imageOf(thumbnails, item, image),
      (at % columns) * (width + gap),
      Math.floor(at / columns) * (height + gap),
    ),
  );
}
