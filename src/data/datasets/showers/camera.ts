/** Where the pixels of a camera are: degrees on the sky, millimetres in the focal plane, or any other unit. */
export interface CameraPixels {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Distance of neighbouring pixels' centres (default: the smallest that occurs). */
  readonly pitch?: number;
  /** Hexagons (default) or squares, whose sides face their neighbours. */
  readonly sides?: 4 | 6;
}

/** A camera of hexagonal pixels on a lattice, with x to the right and y up, in degrees on the sky. */
export interface HexagonalCamera extends CameraPixels {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly pitch: number;
  /** The pixel that holds a point, -1 outside of the camera. */
  pixelAt(x: number, y: number): number;
}

const PIXELS = 1440;
/** degrees */
const PITCH = 0.11;
/** Lattice rows and columns from the centre that hold the camera, and the side of the table of them. */
const REACH = 30;
const SIDE = 2 * REACH + 1;

let camera: HexagonalCamera | undefined;

/**
 * A camera like that of FACT (Anderhub et al., Design and operation of FACT, 2013, section 4): 1,440 hexagonal pixels 0.11 degrees
 * apart, filling a disc of 4.4 degrees. The pixels are the 1,440 of a hexagonal lattice that are nearest to one of its vertices, ordered by their
 * distance from it; FACT's own numbering, its rim and its mounting angle differ.
 */
export function factCamera(): HexagonalCamera {
  camera ??= build();
  return camera;
}

function build(): HexagonalCamera {
  const points: { a: number; b: number; distance: number; angle: number }[] = [];
  for (let a = -REACH; a <= REACH; a++)
    for (let b = -REACH; b <= REACH; b++) {
      // 12 times the squared distance is a whole number: ties are exact
      const distance = 3 * (2 * a + b - 1) ** 2 + (3 * b - 1) ** 2;
      points.push({ a, b, distance, angle: Math.atan2(3 * b - 1, Math.sqrt(3) * (2 * a + b - 1)) });
    }
  points.sort((p, q) => p.distance - q.distance || p.angle - q.angle);
  const x = new Float64Array(PIXELS);
  const y = new Float64Array(PIXELS);
  const table = new Int16Array(SIDE * SIDE).fill(-1);
  points.slice(0, PIXELS).forEach(({ a, b }, pixel) => {
    x[pixel] = PITCH * (a + b / 2 - 1 / 2);
    y[pixel] = PITCH * (b * (Math.sqrt(3) / 2) - 1 / (2 * Math.sqrt(3)));
    table[(a + REACH) * SIDE + b + REACH] = pixel;
  });
  return {
    ...{ x, y, pitch: PITCH, sides: 6 },
    pixelAt: (px, py) => {
      const b = (py / PITCH + 1 / (2 * Math.sqrt(3))) / (Math.sqrt(3) / 2);
      const a = px / PITCH + 1 / 2 - b / 2;
      // the lattice point whose hexagon it is: round a, b and c = -a - b, and mend the one that was rounded most
      let i = Math.round(a);
      let j = Math.round(b);
      const k = Math.round(-a - b);
      const [da, db, dc] = [Math.abs(i - a), Math.abs(j - b), Math.abs(k + a + b)];
      if (da > db && da > dc) i = -j - k;
      else if (db > dc) j = -i - k;
      return Math.abs(i) > REACH || Math.abs(j) > REACH ? -1 : table[(i + REACH) * SIDE + j + REACH]!;
    },
  };
}
