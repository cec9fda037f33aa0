import { html, trusted, type Content, type Markup } from "../page/markup";
import { dataAddress, encodePng } from "../pictures/png";
import type { Picture } from "./composite";
import { skyGrid, type SkyCoordinates } from "./grid";

const round = (value: number): number => Math.round(10 * value) / 10;

/** What `skyPanel` shows. */
export interface SkyPanel {
  readonly title: string;
  /** Beside the title. */
  readonly caption?: Content;
  /** In words, for those who cannot see it. */
  readonly alt: string;
  readonly picture: Picture;
  /** Draws a grid of coordinates, of the image that the picture is of. */
  readonly sky?: SkyCoordinates | undefined;
}

/** Lines and their values over a picture of an image. */
function gridOf(sky: SkyCoordinates, { height, width, shrink }: Omit<Picture, "pixels">): Markup {
  const [fullWidth, fullHeight] = [width, height].map((side) => Math.round(side * shrink)) as [number, number];
  const place = (x: number, y: number): [number, number] => [
    round((x + 0.5) / shrink),
    round(height - (y + 0.5) / shrink),
  ];
  const size = Math.max(8, round(Math.max(width, height) / 54));
  const lines = skyGrid(sky, fullWidth, fullHeight).map(({ axis, text, pieces }) => {
    const path = pieces
      .map((piece) => {
        const points = Array.from({ length: piece.length / 2 }, (_, i) => place(piece[2 * i]!, piece[2 * i + 1]!));
        return `M${points.filter((_, i) => i % 8 === 0 || i === points.length - 1).join("L")}`;
      })
      .join("");
    // a longitude is written at the line's lowest place, a latitude at its leftmost
    const flat = pieces.flat();
    let [x, y] = [flat[0]!, flat[1]!];
    for (let i = 0; i < flat.length; i += 2)
      if (axis === "longitude" ? flat[i + 1]! < y : flat[i]! < x) [x, y] = [flat[i]!, flat[i + 1]!];
    const [across, down] = place(x, y);
    const [left, top] = [round(across + 2), round(Math.min(height - 3, down - 2))];
    return { path, text, axis, left, top, right: left + 0.6 * size * text.length };
  });
  // of words that would cover one another, or end beyond the picture, the first is written
  const written: typeof lines = [];
  for (const line of lines) {
    const covers = written.some(
      (other) => Math.abs(other.top - line.top) < size && line.left < other.right && other.left < line.right,
    );
    if (!covers && line.right <= width && line.top >= size) written.push(line);
  }
  return html`<g class="sky" font-size="${size}">
    ${lines.map(({ path }) => html`<path d="${path}"></path>`)}
    ${written.map(({ text, left, top }) => html`<text x="${left}" y="${top}">${text}</text>`)}
  </g>`;
}

/** A picture of the sky with a grid of its coordinates. */
export function skyPanel({ title, caption, alt, picture, sky }: SkyPanel): Markup {
  const { height, width, pixels } = picture;
  const address = dataAddress(encodePng(pixels, height, width, 3));
  const zoom = Math.max(1, Math.floor(320 / Math.max(height, width)));
  // of a small picture the grid is not made larger with its pixels
  const [across, down] = [width * zoom, height * zoom];
  const image = `<image href="${address}" width="${across}" height="${down}" style="image-rendering:${zoom > 1 ? "pixelated" : "auto"}"/>`;
  return html`<figure class="sky-panel">
    <figcaption><b>${title}</b> ${caption}</figcaption>
    <svg
      xmlns="http://www.w3.org/2000/svg"
      role="img"
      aria-label="${alt}"
      width="${across}"
      height="${down}"
      viewBox="0 0 ${across} ${down}"
    >
      ${trusted(image)} ${sky && gridOf(sky, { height: down, width: across, shrink: picture.shrink / zoom })}
    </svg>
  </figure>`;
}
