import { toContiguous } from "../matrix";
import type { MatrixLike } from "../matrix";
import { NdArray, type TypedArray } from "../ndarray";
import { runAtOnce, type Cooperative } from "../event-loop";

/** Where the channels of pictures are: [n, channels, height, width], or [n, height, width, channels] as most files have them. */
export type ImageLayout = "channels-first" | "channels-last";

/** Channels that pictures have: grey, colours, colours with transparency. */
const CHANNELS = [1, 3, 4];

/**
 * Which layout pictures [n, a, b, c] have: that whose axis of channels has 1, 3 or 4 of them; channels first where neither has, as
 * the planes of detectors do. @throws where both have, since nothing tells which is meant
 */
export function imageLayout(shape: readonly number[], op: string): ImageLayout {
  const [, first = 0, height = 0, last = 0] = shape;
  const [early, late] = [CHANNELS.includes(first), CHANNELS.includes(last)];
  // [n, 3, 40, 3]: planes of three columns, or three rows of three channels
  if (early && late && !(first === last && height === first))
    throw new Error(
      `${op}: pictures [${shape.join(", ")}] may have their channels first or last, say which by the layout`,
    );
  return late && !early ? "channels-last" : "channels-first";
}

/** Bands of one image that an array may hold at most: with more planes it is pictures. */
const BANDS = 16;

/**
 * Whether an array may as well be one image [bands, height, width] as many pictures [n, height, width]: few planes, each of more pixels a side than there are planes.
 */
export const mayBeBands = ([n = 0, height = 0, width = 0, ...more]: readonly number[]): boolean =>
  more.length === 0 && n > 1 && n <= BANDS && n < Math.min(height, width);

/** Pictures with their channels first, and the layout that they were taken to have. */
export interface ChannelsFirst {
  readonly images: NdArray<TypedArray>;
  /** Undefined for arrays of another rank, which stay as they are. */
  readonly layout: ImageLayout | undefined;
}

/**
 * Pictures [n, height, width, channels] as [n, channels, height, width], which the networks take; pictures that are so, and arrays of
 * another rank, stay as they are. `layout` says which it is where the shape does not. @throws where the shape leaves both and none is given
 */
export function toChannelsFirst(x: MatrixLike, layout?: ImageLayout, op = "toChannelsFirst"): ChannelsFirst {
  const images = toContiguous(x, op, "x");
  const { shape } = images;
  if (shape.length !== 4) {
    if (layout) throw new Error(`${op}: a layout is for pictures [n, a, b, c], the shape is [${shape.join(", ")}]`);
    return { images, layout: undefined };
  }
  const found = layout ?? imageLayout(shape, op);
  if (found === "channels-first") return { images, layout: found };
  return { images: runAtOnce(channelsToFront(images)), layout: found };
}

/** Pictures [n, height, width, channels] as [n, channels, height, width], picture by picture. */
export function* channelsToFront<T extends TypedArray>({ data, shape }: NdArray<T>): Cooperative<NdArray<T>> {
  const [n, h, w, c] = shape as [number, number, number, number];
  const out = data.slice() as T & { [i: number]: number | bigint };
  const plane = h * w;
  for (let i = 0; i < n; i++) {
    for (let t = 0; t < c; t++)
      for (let p = 0; p < plane; p++) out[(i * c + t) * plane + p] = data[(i * plane + p) * c + t]!;
    yield;
  }
  return new NdArray<T>(out, [n, c, h, w]);
}

/**
 * The layout that a model takes items for, [n, …]: undefined but for pictures [n, a, b, c]. A network that takes pictures says which it is where
 * the shape leaves both; where nothing does, they are taken as they lie.
 * @param taken what the network takes of an item, [channels, height, width]; another rank where it takes any
 * @throws when pictures have their channels last, and the network was made for as many channels as they have rows
 */
export function layoutTaken(shape: readonly number[], taken: readonly number[], op: string): ImageLayout | undefined {
  if (shape.length !== 4) return undefined;
  const [, a = 0, b = 0, c = 0] = shape;
  const [early, late] = [CHANNELS.includes(a), CHANNELS.includes(c)];
  const [asIs, moved] = [String(taken) === String([a, b, c]), String(taken) === String([c, a, b])];
  if (late && !early && asIs && !moved)
    throw new Error(
      `${op}: pictures [${shape.join(", ")}] have their channels last, the network takes ${a} channels of ${b} x ${c}; make it for [${[c, a, b].join(", ")}]`,
    );
  if (asIs || moved) return asIs ? "channels-first" : "channels-last";
  return late && !early ? "channels-last" : "channels-first";
}
