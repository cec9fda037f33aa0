import type { Random } from "../../../random";

/** What a source is, apart from its place. */
export interface Source {
  readonly isStar: boolean;
  readonly effectiveRadius: number;
  readonly sersicIndex: number;
  readonly axisRatio: number;
  readonly angle: number;
  /** Flux of each band over that of r. */
  readonly colours: readonly number[];
}

/** How galaxies are drawn. */
export interface Population {
  readonly starShare: number;
  /** Median effective radius over the seeing's FWHM. */
  readonly radius: number;
}

const INDICES = [0.5, 1, 2, 4];
/** Mean and spread of u−g, g−r, r−i, i−z of red and blue galaxies, magnitudes. */
const RED = [
  [1.65, 0.25],
  [0.9, 0.15],
  [0.4, 0.08],
  [0.3, 0.08],
] as const;
const BLUE = [
  [1.2, 0.25],
  [0.55, 0.15],
  [0.27, 0.08],
  [0.2, 0.08],
] as const;

/** u−g, g−r, r−i, i−z of a star: two kinds, along the stellar locus. */
function starColours(random: Random): number[] {
  const gr = (random.uniform() < 0.6 ? 0.5 : 1.3) + 0.15 * random.normal();
  const locus = gr < 1.1 ? 0.45 * gr - 0.05 : 0.445 + 1.2 * (gr - 1.1);
  const ri = locus + 0.05 * random.normal();
  const ug = 0.55 + 1.15 * gr + 0.15 * random.normal();
  const iz = 0.5 * ri + 0.05 * random.normal();
  return [ug, gr, ri, iz];
}

/** A star or a galaxy; fwhm is the seeing in r, which the sizes of galaxies go by. */
export function drawSource(random: Random, fwhm: number, { starShare, radius }: Population): Source {
  const isStar = random.uniform() < starShare;
  const colours = isStar
    ? starColours(random)
    : (random.uniform() < 0.5 ? RED : BLUE).map(([mean, spread]) => mean + spread * random.normal());
  const [ug, gr, ri, iz] = colours as [number, number, number, number];
  const magnitudes = [gr + ug, gr, 0, -ri, -ri - iz];
  const fluxes = magnitudes.map((magnitude) => 10 ** (-0.4 * magnitude));
  if (isStar) return { isStar, effectiveRadius: 0, sersicIndex: 1, axisRatio: 1, angle: 0, colours: fluxes };
  return {
    isStar,
    sersicIndex: INDICES[random.integer(INDICES.length)]!,
    effectiveRadius: Math.max(0.15, radius * Math.exp(0.5 * random.normal())) * fwhm,
    axisRatio: 0.3 + 0.7 * random.uniform(),
    angle: Math.PI * random.uniform(),
    colours: fluxes,
  };
}

/** A flux between two bounds of a population with N(> F) ∝ F^−0.6. */
export function drawFlux(random: Random, low: number, high: number): number {
  const [a, b] = [low ** -0.6, high ** -0.6];
  return (a + random.uniform() * (b - a)) ** (-1 / 0.6);
}
