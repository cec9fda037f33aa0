import { checkChoice, checkInteger, checkRange } from "../../../checks";
import { NdArray } from "../../../ndarray";
import { Random } from "../../../random";
import { factCamera, type HexagonalCamera } from "./camera";
import { hillas } from "./hillas";
import { addNoise, type Noise } from "./photons";
import { inDisc, NO_REGION, wobbleRegion, wobbleSource } from "./pointing";
import { spread, squareGrid } from "./resample";
import { gammaShower, hadronShower, type Shower } from "./shower";

/** Label of a gamma shower. */
export const GAMMA = 1;
/** Label of a hadron shower. */
export const HADRON = 0;

/**
 * What is known of each event beside its image and label. energy in TeV, impact in m, angles in degrees. `direction` is where it really came from, `source`
 * the position that the telescope watches (in diffuse pointing: the direction), `reconstructed` where it seems to come from, theta the distance of that
 * from the source; size to alpha are the Hillas parameters of its photons without noise, muon the photons of a muon among them.
 */
export const SHOWER_COLUMNS = [
  "energy", "impact", "directionX", "directionY", "sourceX", "sourceY", "reconstructedX", "reconstructedY", "theta",
  "size", "x", "y", "length", "width", "angle", "skewness", "dist", "alpha", "muon",
] as const; // prettier-ignore

/** One of `SHOWER_COLUMNS`. */
export type ShowerColumn = (typeof SHOWER_COLUMNS)[number];

/** Options of `simulateShowers`. */
export interface ShowerOptions {
  /** Events. */
  readonly n: number;
  /** Seed of everything random (default 0). Event i is the same whatever n is. */
  readonly seed?: number;
  /** Number of the first event (default 0), to simulate a long series in parts. */
  readonly first?: number;
  /**
   * "diffuse" (default): every direction in the field of view alike, as training data have it. "wobble": gammas come from a source 0.6 degrees from
   * the camera's centre, hadrons from everywhere.
   */
  readonly pointing?: "diffuse" | "wobble";
  /** Chance of an event to be a gamma (default 0.5). An observation has few. */
  readonly gammaShare?: number;
  /** Side of the images (default 45). */
  readonly size?: number;
  /** The camera's noise. */
  readonly noise?: Noise;
}

/** What `simulateShowers` gives. */
export interface Showers {
  /** [n, size, size] photon counts above the pedestal: noise makes some negative. */
  readonly images: NdArray<Float32Array>;
  /** 1 for gammas, 0 for hadrons. */
  readonly labels: Int32Array;
  /** Where each event is reconstructed: 0 in the ON region, 1 to 5 in an OFF region, -1 in none (always in diffuse pointing). */
  readonly regions: Int32Array;
  /** Energy of each event, TeV. */
  readonly energy: Float32Array;
  readonly columns: Readonly<Record<ShowerColumn, Float32Array>>;
}

/** On-source over off-source exposure of the regions that `simulateShowers` gives: α of Li & Ma. */
export const WOBBLE_ALPHA = 0.2;

/** Directions of diffuse events and of hadrons: a disc of this radius around the camera's centre, degrees. */
const FIELD = 2.2;
/** Share of events whose image is taken for one from the other end of its axis. */
const HEAD_TAIL_MISTAKES = 0.12;

/**
 * Simulates what an imaging air Cherenkov telescope records: 1,440 hexagonal pixels (`factCamera`) resampled to a square grid. Gammas are
 * compact ellipses that point to where they came from; hadrons are wider and clumpy, with rings and arcs of muons, though some look like gammas. Energies
 * follow power laws, light falls off outside the pool of 120 m, photons are Poisson, and night sky and electronics add their noise. A parametric model made
 * for the study of methods: it stands for CORSIKA and a detector simulation no more than its two kinds of images do.
 *
 * In wobble pointing the source's position turns about the camera's centre from event to event, as it does over a night, so that nothing can be learnt
 * from where in the camera the ON region is: six regions alike, α = 0.2.
 * @throws for a number of events, share or size out of range
 */
export function simulateShowers(options: ShowerOptions): Showers {
  const { n, seed = 0, first = 0, pointing = "diffuse", gammaShare = 0.5, size = 45, noise = {} } = options;
  const op = "simulateShowers";
  checkInteger(op, { n, first }, 0);
  checkChoice(op, { pointing }, ["diffuse", "wobble"]);
  checkRange(op, { gammaShare }, 0, 1);
  const camera = factCamera();
  const grid = squareGrid(camera, { size });
  const images = new NdArray(new Float32Array(n * size * size), [n, size, size]);
  const labels = new Int32Array(n);
  const regions = new Int32Array(n);
  const columns = Object.fromEntries(SHOWER_COLUMNS.map((name) => [name, new Float32Array(n)])) as Showers["columns"];
  // eslint-disable-next-line no-restricted-syntax -- events that the figures of examples were measured on
  const key = new Random(seed).state().key;
  const picture = new Float64Array(size * size);
  for (let row = 0; row < n; row++) {
    const random = new Random({ key, position: 2 * (first + row) }).split();
    labels[row] = random.uniform() < gammaShare ? GAMMA : HADRON;
    const event = observe(camera, random, labels[row] === GAMMA, pointing);
    regions[row] = event.region;
    for (const name of SHOWER_COLUMNS) columns[name][row] = event.columns[name];
    addNoise(event.counts, random, noise);
    picture.fill(0);
    spread(event.counts, grid, picture);
    images.data.set(picture, row * picture.length);
  }
  return { images, labels, regions, energy: columns.energy, columns };
}

type Point = readonly [number, number];

/** Showers until one triggers, and what is made of that one. */
function observe(
  camera: HexagonalCamera,
  random: Random,
  isGamma: boolean,
  pointing: "diffuse" | "wobble",
): { counts: Float32Array; region: number; columns: Record<ShowerColumn, number> } {
  const watched = pointing === "wobble" ? wobbleSource(random) : undefined;
  let shower: Shower | undefined;
  let direction: Point = [0, 0];
  while (!shower) {
    direction = isGamma && watched ? watched : inDisc(FIELD, random);
    shower = (isGamma ? gammaShower : hadronShower)(camera, random, direction);
  }
  const { counts, energy, impact, muon, caught } = shower;
  const moments = hillas(counts, camera, direction);
  const seen = reconstruct(direction, moments, caught, random);
  const source = watched ?? direction;
  const { size, x, y, length, width, angle, skewness } = moments;
  const { dist, alpha } = watched ? hillas(counts, camera, source) : moments;
  return {
    counts,
    region: watched ? wobbleRegion(seen[0], seen[1], source) : NO_REGION,
    columns: {
      ...{ energy, impact, size, x, y, length, width, angle, skewness, dist, alpha, muon },
      ...{ directionX: direction[0], directionY: direction[1], sourceX: source[0], sourceY: source[1] },
      ...{ reconstructedX: seen[0], reconstructedY: seen[1] },
      theta: Math.hypot(seen[0] - source[0], seen[1] - source[1]),
    },
  };
}

/** The direction that a single telescope finds: blurred the more the fewer photons, and at times at the wrong end of the axis. */
function reconstruct([dx, dy]: Point, { x, y }: { x: number; y: number }, photons: number, random: Random): Point {
  const blur = 0.12 * (photons / 200) ** -0.3;
  const flipped = random.uniform() < HEAD_TAIL_MISTAKES;
  const [cx, cy] = flipped ? [2 * x - dx, 2 * y - dy] : [dx, dy];
  return [cx + blur * random.normal(), cy + blur * random.normal()];
}
