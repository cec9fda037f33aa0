// Items in the plane: what is near a place, what a line encloses, and dots that are painted piece by piece.
import { afterEach, describe, expect, test, vi } from "vitest";
import { Random } from "../../src";
import { runAtOnce } from "../../src/event-loop";
import { Atlas } from "../../src/report/plane/atlas";
import { paintDots, type Dots } from "../../src/report/plane/dots";
import { endOfWork, goOn } from "../../src/report/plane/frames";
import { inside } from "../../src/report/plane/lasso";
import { cornersOf, PointGrid } from "../../src/report/plane/point-grid";

const N = 70_000;

/** Crowds and a few points far from them, on a lattice, so that some lie on each other; two have no place. */
function crowds(n = N): Float32Array {
  const random = new Random(3);
  const xy = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    const [x, y, spread] = i % 50 === 0 ? [0, 0, 4] : [Math.cos(i % 7), Math.sin(i % 7), 0.1 + 0.02 * (i % 7)];
    xy[2 * i] = Math.round(1000 * (x + spread * random.normal())) / 1000;
    xy[2 * i + 1] = Math.round(1000 * (y + spread * random.normal())) / 1000;
  }
  if (n > 9) [xy[10], xy[17]] = [NaN, Infinity];
  return xy;
}

/** The same by looking at all of them. */
function nearest(xy: Float32Array, x: number, y: number, radius: number, preferred?: (i: number) => boolean): number {
  const among = (allowed: (i: number) => boolean): number => {
    let [best, least] = [-1, radius * radius];
    for (let i = 0; i < xy.length / 2; i++) {
      const squared = (xy[2 * i]! - x) ** 2 + (xy[2 * i + 1]! - y) ** 2;
      if (squared < least && allowed(i)) [best, least] = [i, squared];
    }
    return best;
  };
  const wanted = preferred ? among(preferred) : -1;
  return wanted >= 0 ? wanted : among(() => true);
}

function enclosed(line: readonly number[], xy: Float32Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < xy.length / 2; i++) {
    const [x, y] = [xy[2 * i]!, xy[2 * i + 1]!];
    let odd = false;
    for (let a = 0, b = line.length - 2; a < line.length; b = a, a += 2) {
      const [ax, ay, bx, by] = [line[a]!, line[a + 1]!, line[b]!, line[b + 1]!];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) odd = !odd;
    }
    if (odd && Number.isFinite(x)) found.push(i);
  }
  return found;
}

describe("a grid of points", () => {
  const xy = crowds();
  const grid = PointGrid.of(xy);

  test("every point with a place is in one cell", () => {
    expect(Array.from(grid.items.subarray(0, grid.begins.at(-1))).sort((a, b) => a - b)).toEqual(
      Array.from({ length: N }, (_, i) => i).filter((i) => i !== 5 && i !== 8),
    );
    expect(cornersOf(xy).every(Number.isFinite)).toBe(true);
  });

  test("the nearest point is the one that looking at all finds, preferred ones first", () => {
    const random = new Random(5);
    let found = 0;
    for (let i = 0; i < 150; i++) {
      const [x, y, radius] = [5 * random.normal(), 2 * random.normal(), [0.002, 0.05, 0.6][i % 3]!];
      const at = i % 5 === 0 ? ([xy[2 * i]!, xy[2 * i + 1]!] as const) : ([x, y] as const);
      const preferred = i % 2 ? (item: number) => item % 97 === 0 : undefined;
      const item = grid.nearest(...at, radius, preferred);
      expect(item).toBe(nearest(xy, ...at, radius, preferred));
      if (item >= 0) found++;
    }
    expect(found).toBeGreaterThan(50);
  });

  test.each([
    ["a square around all", [-99, -99, 99, -99, 99, 99, -99, 99]],
    ["a triangle", [-0.5, -0.5, 1.2, 0.1, 0.2, 1.3]],
    ["a line that crosses itself, along rows and columns", [-1, -1, 1, 1, 1, -1, -1, 1, 0, 1, 0, -1]],
    ["a ragged one of 600 corners", Array.from({ length: 1200 }, (_, i) => (i % 2 ? Math.sin : Math.cos)(0.01 * Math.floor(i / 2)) * (1 + 0.4 * Math.sin(9 * i)))], // prettier-ignore
    ["one that goes to and fro", Array.from({ length: 400 }, (_, i) => (i % 2 ? ((i >> 1) % 2 ? 2 : -2) : -1.5 + 0.007 * i))], // prettier-ignore
    ["one beside all points", [90, 90, 91, 90, 91, 91]],
  ])("a line encloses what looking at all finds: %s", (name, line) => {
    const found = inside(line, grid);
    expect(found).toEqual(enclosed(line, xy));
    if (name !== "one beside all points") expect(found.length).toBeGreaterThan(100);
  });

  test.each([0, 1, 2])("%i points, and points that all lie at one place", (n) => {
    const few = PointGrid.of(new Float32Array(2 * n).fill(0.25));
    expect(few.nearest(0.25, 0.25, 1)).toBe(n > 0 ? 0 : -1);
    expect(inside([0, 0, 1, 0, 1, 1, 0, 1], few)).toEqual(Array.from({ length: n }, (_, i) => i));
  });
});

describe("many dots", () => {
  const dots: Dots = {
    xy: crowds(),
    colour: (item) => [0x1088b9, 0xf8ac3d, 0xb93000][item % 3]!,
    radius: (item) => (item % 4 ? 1.4 : 1),
    opacity: (item) => (item % 5 ? 0.8 : 0.13),
  };
  const place = { scale: 90, left: 200, top: 150, ratio: 1 };
  const pixels = () => ({ data: new Uint8ClampedArray(4 * 400 * 300), width: 400, height: 300 });

  test("in pieces, each of a few hundred, they are the same picture as at once", () => {
    const whole = pixels();
    runAtOnce(paintDots(whole, place, dots));
    const parts = pixels();
    const work = paintDots(parts, place, dots);
    let pieces = 0;
    while (!goOn(work, -Infinity).done) pieces++; // each time the time is up
    expect(pieces).toBeGreaterThan(N / 300);
    expect(parts.data).toEqual(whole.data);
    expect(whole.data.filter((value, at) => at % 4 === 3 && value > 0).length).toBeGreaterThan(2000);
  });

  test("each lies over those before it, and where the plane has it", () => {
    const image = pixels();
    const two = { ...dots, xy: Float32Array.of(0, 0, 0, 0), radius: () => 3, opacity: () => 1 };
    runAtOnce(paintDots(image, place, two));
    expect(Array.from(image.data.subarray(4 * (150 * 400 + 200), 4 * (150 * 400 + 200) + 4))).toEqual([
      ...[0xf8, 0xac, 0x3d],
      255,
    ]);
  });
});

test("what works in one frame ends together", () => {
  const end = endOfWork(1000);
  expect(endOfWork(1000)).toBe(end);
  expect(end).toBeGreaterThan(performance.now());
  expect(end).toBeLessThan(performance.now() + 16);
  expect(endOfWork(1016)).toBeGreaterThanOrEqual(end);
});

describe("an atlas of small pictures", () => {
  afterEach(() => vi.unstubAllGlobals());

  test("has those that are wanted, one at least a frame, where it says, in the place of what was not wanted for the longest", () => {
    const shades = new Map<string, number>();
    vi.stubGlobal(
      "ImageData",
      class {
        readonly width = 2;
        readonly data = new Uint8ClampedArray(16);
      },
    );
    vi.stubGlobal(
      "OffscreenCanvas",
      class {
        getContext(): unknown {
          const putImageData = ({ data }: ImageData, left: number, top: number): unknown =>
            shades.set(`${left} ${top}`, data[12]!);
          return { putImageData };
        }
      },
    );
    const pixels = Uint8Array.from({ length: 40 }, (_, i) => i >> 2); // of picture p all are p
    const atlas = new Atlas({ pixels, height: 2, width: 2, channels: 1 }, 16);
    expect([atlas.count, atlas.room]).toEqual([10, 4]);
    const seen = (): (number | undefined)[] =>
      Array.from({ length: 10 }, (_, picture) => picture).filter((picture) => {
        const place = atlas.placeOf(picture);
        if (place) expect(shades.get(`${place.left} ${place.top}`)).toBe(picture);
        return place;
      });
    atlas.want([3, 1, 1, 8]);
    expect([atlas.lacks, seen()]).toEqual([true, []]);
    expect([atlas.advance(-Infinity), seen()]).toEqual([true, [3]]);
    expect([atlas.advance(Infinity), seen()]).toEqual([false, [1, 3, 8]]);
    atlas.want([3, 9]);
    expect([atlas.advance(Infinity), seen()]).toEqual([false, [1, 3, 8, 9]]);
    atlas.want([0, 3]);
    expect([atlas.advance(Infinity), seen()]).toEqual([false, [0, 3, 8, 9]]);
    atlas.want([4, 5, 6, 7]);
    expect([atlas.advance(Infinity), seen()]).toEqual([false, [4, 5, 6, 7]]);
  });
});
