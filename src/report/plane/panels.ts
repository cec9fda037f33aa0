// What a report's script is told of the members in the plane: positions, clusters and classes of all of them, and pictures of some.
import { sampleRows } from "../sections/sample";
import type { ClusteringReport, Projection } from "../sections/run";
import { pixelBytes } from "../pictures/pictures";
import { packed, type PackedArray } from "./packed";
import { generate, mapTo } from "../../typed-arrays";

/** Who the groups of a panel are. */
export interface PanelGroups {
  /** "cluster" or "class". */
  readonly word: string;
  /** By number. */
  readonly colours: readonly string[];
  readonly names: readonly string[];
}

/** Where the points of a projection lie: a whole number from 0 to 65535 is so many steps from the corner. */
export interface PanelPlane {
  readonly name: string;
  readonly axes: readonly [across: string, up: string] | null;
  readonly corner: readonly [x: number, y: number];
  readonly step: number;
  /** Words of a panel by what it is coloured by, at their places. */
  readonly words: readonly (readonly { readonly x: number; readonly y: number; readonly text: string }[])[];
}

/** All that is no array of numbers. */
export interface PanelsTold {
  readonly planes: readonly PanelPlane[];
  readonly groups: readonly PanelGroups[];
  /** Names of the members, where they have any. */
  readonly ids: readonly string[] | null;
  readonly pictures: { readonly height: number; readonly width: number; readonly channels: 1 | 3 } | null;
}

/** Bytes of the pictures of members, before they are deflated, and the longest side of one. */
const [PICTURE_BYTES, LONGEST] = [1_000_000, 28];
const STEPS = 65535;

/** Members whose pictures go with the report: all, or as many as there is room for, chosen at random. */
function picturedRows({ images, seed, labels }: ClusteringReport): Uint32Array<ArrayBuffer> {
  if (!images) return new Uint32Array(0);
  const { height, width, channels } = shrunk(images);
  return sampleRows(labels.length, Math.floor(PICTURE_BYTES / (height * width * channels)), seed);
}

function shrunk({ height, width, channels }: NonNullable<ClusteringReport["images"]>) {
  const shrink = Math.max(1, Math.ceil(Math.max(height, width) / LONGEST));
  return { shrink, channels, height: Math.ceil(height / shrink), width: Math.ceil(width / shrink) };
}

/**
 * All members of some projections for the script: 4 bytes a member and projection, and its groups, deflated. A position is told to 1/65535 of the
 * picture's longer side. With it how many members have a picture there.
 */
export function packedPanels(
  run: ClusteringReport,
  planes: readonly {
    readonly projection: Projection;
    readonly points: Uint32Array;
    readonly words: PanelPlane["words"];
  }[],
  groups: readonly (PanelGroups & { readonly of: ArrayLike<number> })[],
): { readonly text: string; readonly pictured: number } {
  const arrays: Record<string, PackedArray> = {};
  const told = planes.map(({ projection: { name, axes, xy, index }, points, words }, at): PanelPlane => {
    let [left, low, right, high] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const point of points) {
      const [x, y] = [xy[2 * point]!, xy[2 * point + 1]!];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [low, high] = [Math.min(low, y), Math.max(high, y)];
    }
    const step = Math.max(right - left, high - low) / STEPS || 1;
    arrays[`xy${at}`] = generate(Uint16Array, 2 * points.length, (i) =>
      Math.round((xy[2 * points[i >> 1]! + (i % 2)]! - (i % 2 ? low : left)) / step),
    );
    if (index || points.length < run.labels.length)
      arrays[`rows${at}`] = mapTo(Uint32Array, points, (point) => index?.[point] ?? point);
    return { name, axes: axes ?? null, corner: [left, low], step, words };
  });
  groups.forEach(({ of }, at) => (arrays[`groups${at}`] = mapTo(Int32Array, of, Number)));
  const rows = picturedRows(run);
  if (rows.length > 0) {
    const { shrink } = shrunk(run.images!);
    arrays["pictured"] = rows;
    arrays["pictures"] = pixelBytes(run.images!, rows, shrink);
  }
  const all: PanelsTold = {
    planes: told,
    groups: groups.map(({ word, colours, names }) => ({ word, colours, names })),
    ids: run.ids ?? null,
    pictures: rows.length > 0 ? shrunk(run.images!) : null,
  };
  return { text: packed(all, arrays), pictured: rows.length };
}
