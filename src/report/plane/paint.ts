// What the picture is painted with: dots, small pictures, centres, the drawing of points.
import { clusterColour, rgbOf } from "../charts/palette";
import type { Atlas, AtlasPlace } from "./atlas";
import type { Camera } from "./camera";
import type { DotLayer } from "./dot-layer";
import type { Dots } from "./dots";

/** What the picture shows of each item. */
export interface Shown {
  /** [n, 2] */
  readonly xy: Float32Array;
  /** Group of each item, −1 for noise; undefined while there are none. */
  readonly groups?: Int32Array;
  /** 0 to 1: in place of groups. */
  readonly shares?: Float32Array;
  /** [k, 2] */
  readonly centers?: Float32Array;
  /** Words in the plane. */
  readonly names?: readonly { readonly x: number; readonly y: number; readonly text: string }[];
  /** Which of the thumbnails an item has, −1 for none (default: item i has the i-th). Items without one are dots. */
  readonly pictureOf?: Int32Array;
  /** Colour of a group (default: as clusters have it). */
  readonly colour?: (group: number) => string;
}

/** Colour of a share as 0xRRGGBB: orange where unsure, blue where sure, as in the report. */
function shareColour(share: number): number {
  const [a, b, t] = share < 0.5 ? [0xd6601b, 0x969696, share * 2] : [0x969696, 0x2f74b5, share * 2 - 1];
  let mixed = 0;
  for (const shift of [16, 8, 0]) {
    const [from, to] = [(a >> shift) & 255, (b >> shift) & 255];
    mixed |= Math.round(from + (to - from) * Math.min(1, Math.max(0, t))) << shift;
  }
  return mixed;
}

/** Colours of the page. */
export interface Inks {
  readonly ink: string;
  readonly muted: string;
  readonly paper: string;
  readonly accent: string;
  readonly font: string;
}

/** What is painted, and how. */
export interface Painting {
  readonly context: CanvasRenderingContext2D;
  readonly camera: Camera;
  readonly inks: Inks;
  /** Positions as they are now, [n, 2]. */
  readonly xy: Float32Array;
  readonly shown: Shown;
  readonly atlas: Atlas | undefined;
  readonly selected: Selected | undefined;
  readonly picked: number;
  /** What many dots are painted on. */
  readonly layer: DotLayer;
}

/** Items that are selected. */
export interface Selected {
  readonly items: readonly number[];
  /** 1 for each of these, of all items. */
  readonly mask: Uint8Array;
}

/** Opacity of items that are not selected. */
const FAINT = 0.13;

/** More dots than this are put into the pixels of a picture themselves, over several frames, and do not move from where they were to where they are. */
export const MANY = 2500;

/** The colour of each item as 0xRRGGBB. */
function coloursOf({ groups, shares, colour = clusterColour }: Shown, muted: string): (item: number) => number {
  if (shares) return (item) => shareColour(shares[item]!);
  const none = rgbOf(muted);
  if (!groups) return () => none;
  const known = new Map<number, number>();
  return (item) => {
    const group = groups[item]!;
    let found = known.get(group);
    if (found === undefined) known.set(group, (found = rgbOf(colour(group))));
    return found;
  };
}

/** The same as a style. */
const styleOf = (rgb: number): string => `#${rgb.toString(16).padStart(6, "0")}`;

/** Radius of a dot in pixels, by how many there are and how near they are looked at. */
const radiusOf = (n: number, { zoomed }: Camera): number =>
  (n > 30_000 ? 1.4 : n > 8000 ? 1.8 : n > 1500 ? 2.3 : n > 400 ? 2.9 : 3.8) *
  Math.min(2, Math.max(1, Math.sqrt(zoomed)));

/** Items as dots. */
export function dotsOf({
  xy,
  shown,
  selected,
  camera,
  inks,
}: Pick<Painting, "xy" | "shown" | "selected" | "camera" | "inks">): Dots {
  const n = xy.length / 2;
  const radius = radiusOf(n, camera);
  const clear = n > 1500 ? 0.8 : 0.88;
  const mask = selected?.mask;
  const { groups } = shown;
  return {
    xy,
    colour: coloursOf(shown, inks.muted),
    radius: (i) => (groups && groups[i]! < 0 ? radius * 0.7 : radius),
    opacity: (i) => (!mask || mask[i] ? clear : FAINT),
  };
}

/** Items as dots, or as their pictures where there is room for them; then the centres, and the item that is pointed at. */
export function paintItems(painting: Painting): void {
  const { context, camera, inks, xy, shown, atlas, picked, layer } = painting;
  const n = xy.length / 2;
  const { colour, radius, opacity } = dotsOf(painting);
  const pictured = atlas ? picturesOf(painting, atlas) : new Map<number, AtlasPlace>();
  if (n > MANY) layer.draw(context, camera, xy);
  else
    for (let i = 0; i < n; i++) {
      if (pictured.has(i)) continue;
      const [x, y] = camera.toScreen(xy[2 * i]!, xy[2 * i + 1]!);
      context.globalAlpha = opacity(i);
      context.fillStyle = styleOf(colour(i));
      context.beginPath();
      context.arc(x, y, radius(i), 0, 2 * Math.PI);
      context.fill();
    }
  if (atlas) for (const [item, place] of pictured) paintPicture(painting, atlas, item, place, styleOf(colour(item)));
  context.globalAlpha = 1;
  if (shown.centers) paintCenters(context, camera, shown.centers, inks);
  for (const { x, y, text } of shown.names ?? []) paintName(context, camera.toScreen(x, y), text, inks);
  if (picked < 0 || picked >= n) return;
  const [x, y] = camera.toScreen(xy[2 * picked]!, xy[2 * picked + 1]!);
  context.strokeStyle = inks.ink;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, (pictured.has(picked) ? sideOf(camera) * 0.7 : radiusOf(n, camera)) + 4, 0, 2 * Math.PI);
  context.stroke();
}

/** Side of a small picture on the screen. */
const sideOf = (camera: Camera): number => Math.min(56, 22 * Math.max(1, Math.sqrt(camera.zoomed)));

/** The thumbnail of an item, −1 where it has none. */
const pictureOf = ({ pictureOf: of }: Shown, { count }: Atlas, item: number): number => {
  const picture = of ? of[item]! : item;
  return picture < count ? picture : -1;
};

/** Items that get their pictures: one for each place of the screen, of about a picture's size; selected ones first. */
function placesFor({ camera, xy, shown, selected, context }: Painting, atlas: Atlas): number[] {
  const side = sideOf(camera) * 1.15;
  const { scale, left, top } = camera.transform;
  const { clientWidth, clientHeight } = context.canvas;
  const [across, down] = [Math.floor(clientWidth / side) + 1, Math.floor(clientHeight / side) + 1];
  const taken = new Uint8Array(across * down);
  const found: number[] = [];
  const take = (i: number): void => {
    const [x, y] = [left + xy[2 * i]! * scale, top - xy[2 * i + 1]! * scale];
    if (!(x >= 0 && y >= 0 && x <= clientWidth && y <= clientHeight)) return;
    const place = Math.floor(y / side) * across + Math.floor(x / side);
    if (taken[place] || found.length === atlas.room || pictureOf(shown, atlas, i) < 0) return;
    taken[place] = 1;
    found.push(i);
  };
  for (const i of selected?.items ?? []) take(i);
  for (let i = 0; i < xy.length / 2; i++) take(i);
  return found;
}

/** Where the pictures of these items are; those that are not there yet are dots until they are. */
function picturesOf(painting: Painting, atlas: Atlas): Map<number, AtlasPlace> {
  const items = placesFor(painting, atlas);
  const pictures = items.map((item) => pictureOf(painting.shown, atlas, item));
  atlas.want(pictures);
  const found = new Map<number, AtlasPlace>();
  items.forEach((item, at) => {
    const place = atlas.placeOf(pictures[at]!);
    if (place) found.set(item, place);
  });
  return found;
}

function paintPicture(painting: Painting, atlas: Atlas, item: number, place: AtlasPlace, colour: string): void {
  const { canvas, width, height } = atlas;
  const { context, camera, xy, selected } = painting;
  const side = sideOf(camera);
  const [w, h] = width > height ? [side, (side * height) / width] : [(side * width) / height, side];
  const [x, y] = camera.toScreen(xy[2 * item]!, xy[2 * item + 1]!);
  context.globalAlpha = !selected || selected.mask[item] ? 1 : 0.25;
  context.imageSmoothingEnabled = side < width;
  context.drawImage(
    canvas,
    ...([place.left, place.top, width, height] as const),
    ...([x - w / 2, y - h / 2, w, h] as const),
  );
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.strokeRect(x - w / 2 - 1, y - h / 2 - 1, w + 2, h + 2);
}

/** A numbered disc for each centre: colours alone do not tell clusters apart. */
function paintCenters(context: CanvasRenderingContext2D, camera: Camera, centers: Float32Array, inks: Inks): void {
  const k = centers.length / 2;
  context.font = `600 ${k > 20 ? 10 : 12}px ${inks.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let c = 0; c < k; c++) {
    if (Number.isNaN(centers[2 * c]!)) continue;
    const [x, y] = camera.toScreen(centers[2 * c]!, centers[2 * c + 1]!);
    context.beginPath();
    context.arc(x, y, k > 20 ? 8 : 11, 0, 2 * Math.PI);
    context.fillStyle = inks.paper;
    context.fill();
    context.lineWidth = 2.5;
    context.strokeStyle = clusterColour(c);
    context.stroke();
    context.fillStyle = inks.ink;
    context.fillText(String(c), x, y + 0.5);
  }
}

/** A word with a rim of the paper's colour: it is read over any dots. */
function paintName(
  context: CanvasRenderingContext2D,
  [x, y]: readonly [number, number],
  text: string,
  { ink, paper, font }: Inks,
): void {
  context.font = `700 13px ${font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = paper;
  context.strokeText(text, x, y);
  context.fillStyle = ink;
  context.fillText(text, x, y);
}

/** The line around what is being selected, x, y, x, y, … in pixels. */
export function paintLasso(context: CanvasRenderingContext2D, line: readonly number[], { accent }: Inks): void {
  context.beginPath();
  for (let i = 0; i < line.length; i += 2) context.lineTo(line[i]!, line[i + 1]!);
  context.closePath();
  context.strokeStyle = accent;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 0.08;
  context.fillStyle = accent;
  context.fill();
  context.globalAlpha = 1;
}

/** The square that points are drawn in, the points so far, and the cursor of the keyboard. @param half half the side of the square */
export function paintDrawing(
  context: CanvasRenderingContext2D,
  camera: Camera,
  { ink, muted }: Inks,
  { points, cursor, half }: { points: readonly number[]; cursor: readonly [number, number] | undefined; half: number },
): void {
  context.strokeStyle = muted;
  context.lineWidth = 1;
  const [left, top] = camera.toScreen(-half, half);
  const [right, bottom] = camera.toScreen(half, -half);
  context.setLineDash([4, 4]);
  context.strokeRect(left, top, right - left, bottom - top);
  context.setLineDash([]);
  context.fillStyle = ink;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = camera.toScreen(points[i]!, points[i + 1]!);
    context.fillRect(x - 1.5, y - 1.5, 3, 3);
  }
  if (!cursor) return;
  const [x, y] = camera.toScreen(...cursor);
  context.strokeStyle = ink;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - 9, y);
  context.lineTo(x + 9, y);
  context.moveTo(x, y - 9);
  context.lineTo(x, y + 9);
  context.stroke();
}
