import type { FitsHeader } from "../fits";

/** Σ c[p][q] uᵖ vᑫ, by p and then q. */
type Polynomial = readonly (readonly number[])[];

function polynomial(header: FitsHeader, axis: "A" | "B"): Polynomial {
  const order = header.integer(`${axis}_ORDER`) ?? 0;
  if (order < 0 || order > 9) throw new Error(`wcs: ${axis}_ORDER must be from 0 to 9, got ${order}`);
  const rows: number[][] = [];
  for (let p = 0; p <= order; p++)
    rows.push(
      Array.from({ length: order - p + 1 }, (_, q) => (p + q < 2 ? 0 : (header.number(`${axis}_${p}_${q}`) ?? 0))),
    );
  return rows;
}

function evaluate(rows: Polynomial, u: number, v: number): number {
  let sum = 0;
  for (let p = rows.length - 1; p >= 0; p--) {
    const row = rows[p]!;
    let inner = 0;
    for (let q = row.length - 1; q >= 0; q--) inner = inner * v + row[q]!;
    sum = sum * u + inner;
  }
  return sum;
}

const ITERATIONS = 100;
/** Pixels. */
const CONVERGED = 1e-9;

/**
 * Distortion of detector coordinates relative to CRPIX by polynomials (SIP): u' = u + Σ A uᵖvᑫ, v' = v + Σ B uᵖvᑫ. The inverse is found by iteration; the
 * polynomials AP and BP of a header only come near it and are not used.
 * Source: Shupe et al. (2005), The SIP convention for representing distortion in FITS image headers.
 */
export class Distortion {
  readonly #a: Polynomial;
  readonly #b: Polynomial;

  constructor(header: FitsHeader) {
    this.#a = polynomial(header, "A");
    this.#b = polynomial(header, "B");
  }

  /** Adds the distortion to (uv[0], uv[1]). */
  apply(uv: Float64Array): void {
    const [u, v] = [uv[0]!, uv[1]!];
    uv[0] = u + evaluate(this.#a, u, v);
    uv[1] = v + evaluate(this.#b, u, v);
  }

  /** Takes it away; NaN where iteration finds no point. */
  invert(uv: Float64Array): void {
    const [x, y] = [uv[0]!, uv[1]!];
    let u = x;
    let v = y;
    for (let i = 0; i < ITERATIONS; i++) {
      const nextU = x - evaluate(this.#a, u, v);
      const nextV = y - evaluate(this.#b, u, v);
      const moved = Math.max(Math.abs(nextU - u), Math.abs(nextV - v));
      u = nextU;
      v = nextV;
      if (moved < CONVERGED) {
        uv[0] = u;
        uv[1] = v;
        return;
      }
      if (!(moved < 1e12)) break;
    }
    uv[0] = uv[1] = NaN;
  }
}
