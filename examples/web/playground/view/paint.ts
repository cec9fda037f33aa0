// What the picture is painted with: dots, small pictures, centres, the drawing of points.
import { clusterColour } from "constella/report";
import type { Camera } from "./camera";
import type { Thumbnails } from "../protocol";

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
}

/** Colour of a share: orange where unsure, blue where sure, as in the report. */
export function shareColour(share: number): string {
  const from = [214, 96, 27];
  const middle = [150, 150, 150];
  const to = [47, 116, 181];
  const [a, b, t] = share < 0.5 ? [from, middle, share * 2] : [middle, to, share * 2 - 1];
  return `rgb(${a.map((value, c) => Math.round(value + (b[c]! - value) * t)).join(" ")})`;
}

/** Colours of the page. */
export interface Inks {
  readonly ink: string;
  readonly muted: string;
  readonly paper: string;
  readonly accent: string;
  readonly font: string;
}

/** All small pictures in one, so that they are drawn fast. */
export interface Atlas {
  readonly canvas: OffscreenCanvas;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

const ATLAS_COLUMNS = 64;

/** Lays thumbnails out in a grid. */
export function atlasOf({ pixels, height, width, channels }: Thumbnails): Atlas {
  const n = pixels.length / (height * width * channels);
  const columns = Math.min(ATLAS_COLUMNS, Math.max(1, n));
  const canvas = new OffscreenCanvas(columns * width, Math.ceil(n / columns) * height);
  const context = canvas.getContext("2d")!;
  for (let item = 0; item < n; item++) {
    const image = new ImageData(width, height);
    for (let p = 0; p < width * height; p++) {
      const from = (item * width * height + p) * channels;
      for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[from + (channels === 3 ? c : 0)]!;
      image.data[4 * p + 3] = 255;
    }
    context.putImageData(image, (item % columns) * width, Math.floor(item / columns) * height);
  }
  return { canvas, columns, width, height };
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
  /** Whether an item is among those that are selected; undefined where none are. */
  readonly selected: ReadonlySet<number> | undefined;
  readonly picked: number;
}

/** Opacity of items that are not selected. */
const FAINT = 0.13;

function colourOf({ shown: { groups, shares }, inks }: Painting, item: number): string {
  return shares ? shareColour(shares[item]!) : groups ? clusterColour(groups[item]!) : inks.muted;
}

/** Items as dots, or as their pictures where there is room for them; then the centres, and the item that is pointed at. */
export function paintItems(painting: Painting): void {
  const { context, camera, inks, xy, shown, atlas, selected, picked } = painting;
  const n = xy.length / 2;
  const radius = (n > 1500 ? 2.3 : n > 400 ? 2.9 : 3.8) * Math.min(2, Math.max(1, Math.sqrt(camera.zoomed)));
  const opacity = n > 1500 ? 0.8 : 0.88;
  const pictured = atlas ? placesFor(painting) : undefined;
  for (let i = 0; i < n; i++) {
    if (pictured?.has(i)) continue;
    const [x, y] = camera.toScreen(xy[2 * i]!, xy[2 * i + 1]!);
    context.globalAlpha = !selected || selected.has(i) ? opacity : FAINT;
    context.fillStyle = colourOf(painting, i);
    context.beginPath();
    context.arc(x, y, shown.groups && shown.groups[i]! < 0 ? radius * 0.7 : radius, 0, 2 * Math.PI);
    context.fill();
  }
  if (atlas) for (const item of pictured!) paintPicture(painting, atlas, item);
  context.globalAlpha = 1;
  if (shown.centers) paintCenters(context, camera, shown.centers, inks);
  if (picked < 0 || picked >= n) return;
  const [x, y] = camera.toScreen(xy[2 * picked]!, xy[2 * picked + 1]!);
  context.strokeStyle = inks.ink;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, (pictured?.has(picked) ? sideOf(camera) * 0.7 : radius) + 4, 0, 2 * Math.PI);
  context.stroke();
}

/** Side of a small picture on the screen. */
const sideOf = (camera: Camera): number => Math.min(56, 22 * Math.max(1, Math.sqrt(camera.zoomed)));

/** Items that get their pictures: one for each place of the screen, of about a picture's size; selected ones first. */
function placesFor({ camera, xy, selected, context }: Painting): Set<number> {
  const side = sideOf(camera) * 1.15;
  const { clientWidth, clientHeight } = context.canvas;
  const taken = new Set<string>();
  const found = new Set<number>();
  const take = (i: number): void => {
    const [x, y] = camera.toScreen(xy[2 * i]!, xy[2 * i + 1]!);
    if (x < 0 || y < 0 || x > clientWidth || y > clientHeight) return;
    const place = `${Math.floor(x / side)} ${Math.floor(y / side)}`;
    if (taken.has(place)) return;
    taken.add(place);
    found.add(i);
  };
  for (const i of selected ?? []) take(i);
  for (let i = 0; i < xy.length / 2; i++) take(i);
  return found;
}

function paintPicture(painting: Painting, { canvas, columns, width, height }: Atlas, item: number): void {
  const { context, camera, xy, selected } = painting;
  const side = sideOf(camera);
  const [w, h] = width > height ? [side, (side * height) / width] : [(side * width) / height, side];
  const [x, y] = camera.toScreen(xy[2 * item]!, xy[2 * item + 1]!);
  context.globalAlpha = !selected || selected.has(item) ? 1 : 0.25;
  context.imageSmoothingEnabled = side < width;
  context.drawImage(
    canvas,
    ...([(item % columns) * width, Math.floor(item / columns) * height, width, height] as const),
    ...([x - w / 2, y - h / 2, w, h] as const),
  );
  context.lineWidth = 2;
  context.strokeStyle = colourOf(painting, item);
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
