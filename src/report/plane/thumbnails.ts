// Small pictures of items, as bytes.

/** Small pictures, as many as there are items that have one. */
export interface Thumbnails {
  /** [items, height, width, channels] */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** Puts a picture into pixels, from this column on. */
export function pixelsOf(
  { pixels, height, width, channels }: Thumbnails,
  picture: number,
  into: Pick<ImageData, "data" | "width">,
  column = 0,
): void {
  let from = picture * width * height * channels;
  for (let y = 0; y < height; y++) {
    let to = 4 * (y * into.width + column);
    for (let x = 0; x < width; x++, from += channels, to += 4) {
      into.data[to] = pixels[from]!;
      into.data[to + 1] = pixels[channels === 3 ? from + 1 : from]!;
      into.data[to + 2] = pixels[channels === 3 ? from + 2 : from]!;
      into.data[to + 3] = 255;
    }
  }
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
  items.forEach((item, at) => {
    pixelsOf(thumbnails, item, image);
    context.putImageData(image, (at % columns) * (width + gap), Math.floor(at / columns) * (height + gap));
  });
}
