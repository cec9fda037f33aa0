import { html, type Markup } from "../page/markup";
import { viridis } from "../charts/palette";
import { dataAddress, encodePng } from "./png";
import { checkPictures, squareRoot, toBytes, type PictureArray } from "./sheet";

/** One row of an image grid: pictures by their number, each with a short line under it. */
export interface ImageRow {
  readonly name: string;
  readonly pictures: readonly { readonly index: number; readonly caption?: string }[];
}

/** Options of `imageGrid`. */
export interface ImageGridOptions {
  /** One sentence above; say here where re-drawn or simulated images come from. */
  readonly caption?: string;
  /** Applied before the colours (default: the square root, 0 below 0). */
  readonly stretch?: (value: number) => number;
}

/**
 * Camera images in viridis, in named rows: the six surest of each method, clusters by their members, … Each picture goes from 0 to its own largest
 * value.
 * @throws for an array that is not [n, height, width], and for numbers of pictures that it does not have
 */
export function imageGrid(
  images: PictureArray,
  rows: readonly ImageRow[],
  { caption, stretch = squareRoot }: ImageGridOptions = {},
): Markup {
  const { n, height, width } = checkPictures("imageGrid", images);
  const colours = viridis();
  const strips = rows.map(
    ({ name, pictures }) =>
      html`<b>${name}</b>
        <div class="row">
          ${pictures.map(({ index, caption: words }) => {
            const bytes = toBytes(images, index, n, height, width, stretch, "imageGrid");
            const alt = `${name}, image ${index}${words === undefined ? "" : `: ${words}`}`;
            return html`<figure>
              <img
                src="${dataAddress(encodePng(bytes, height, width, 1, colours))}"
                alt="${alt}"
                title="${alt}"
                width="${width}"
                height="${height}"
              />
              ${words !== undefined && html`<figcaption>${words}</figcaption>`}
            </figure>`;
          })}
        </div>`,
  );
  return html`${caption !== undefined && html`<p class="note">${caption}</p>`}
    <div class="pictures">${strips}</div>`;
}
