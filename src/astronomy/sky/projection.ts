const RADIANS = Math.PI / 180;
/** Directions nearer than this to the edge of the hemisphere, as a sine, are beyond it. */
const EDGE = 1e-13;
/** Degrees by which rounding may put a point past the edge of a plane. */
const BEYOND = 1e-10;

/**
 * A projection between its plane, (x, y) in degrees, and native unit vectors (cos θ cos φ, cos θ sin φ, sin θ). Vectors are of any length towards the plane.
 * What has no image is NaN.
 */
export interface Projection {
  /** Native latitude of the reference point: 90 for zenithal projections, 0 for cylindrical ones. */
  readonly theta0: 90 | 0;
  /** The unit vector of (out[0], out[1]), into out. */
  toVector(out: Float64Array): void;
  /** The plane's point of a vector (out[0], out[1], out[2]), into out[0] and out[1]. */
  toPlane(out: Float64Array): void;
}

function nowhere(out: Float64Array): void {
  out[0] = out[1] = out[2] = NaN;
}

/** Projections by the code in CTYPE. Calabretta & Greisen (2002), sections 5.1.3, 5.1.5 and 5.2.3. */
export const PROJECTIONS: Readonly<Record<string, Projection>> = {
  // gnomonic: R = cot θ
  TAN: {
    theta0: 90,
    toVector(out) {
      const [x, y] = [out[0]! * RADIANS, out[1]! * RADIANS];
      const length = Math.sqrt(1 + x * x + y * y);
      out[0] = -y / length;
      out[1] = x / length;
      out[2] = 1 / length;
    },
    toPlane(out) {
      const [a, b, c] = [out[0]!, out[1]!, out[2]!];
      if (!(c > EDGE)) return nowhere(out);
      out[0] = b / c / RADIANS;
      out[1] = -a / c / RADIANS;
    },
  },
  // orthographic: R = cos θ
  SIN: {
    theta0: 90,
    toVector(out) {
      const [x, y] = [out[0]! * RADIANS, out[1]! * RADIANS];
      const rest = 1 - x * x - y * y;
      if (!(rest >= 0)) return nowhere(out);
      out[0] = -y;
      out[1] = x;
      out[2] = Math.sqrt(rest);
    },
    toPlane(out) {
      const [a, b, c] = [out[0]!, out[1]!, out[2]!];
      if (!(c > EDGE)) return nowhere(out);
      out[0] = b / RADIANS;
      out[1] = -a / RADIANS;
    },
  },
  // plate carrée: x = φ, y = θ
  CAR: {
    theta0: 0,
    toVector(out) {
      // the plane shows the sphere once
      if (!(Math.abs(out[0]!) <= 180 + BEYOND && Math.abs(out[1]!) <= 90 + BEYOND)) return nowhere(out);
      const [phi, theta] = [out[0]! * RADIANS, out[1]! * RADIANS];
      const radius = Math.cos(theta);
      out[0] = radius * Math.cos(phi);
      out[1] = radius * Math.sin(phi);
      out[2] = Math.sin(theta);
    },
    toPlane(out) {
      const [a, b, c] = [out[0]!, out[1]!, out[2]!];
      out[0] = Math.atan2(b, a) / RADIANS;
      out[1] = Math.atan2(c, Math.sqrt(a * a + b * b)) / RADIANS;
    },
  },
};
