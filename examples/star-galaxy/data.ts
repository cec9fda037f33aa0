// The stamps of the study: simulated, prepared in several ways, as principal axes of the training stamps.
import { NdArray, PCA } from "constella";
import type { Device } from "constella";
import { simulateStarsGalaxies, SKY_SIGMA } from "constella/data";
import type { StarGalaxyOptions, StarGalaxyStamps } from "constella/data";
import { prepareStamps } from "constella/generative";
import type { PreparationOptions } from "constella/generative";

/** How stamps are prepared, by the name that the tables give it. */
export const PREPARATIONS = {
  raw: {},
  asinh: { stretch: "asinh" },
  peak: { normalize: "peak" },
  white: { normalize: "white" },
  blank: { normalize: "white", neighbours: "blank" },
  mirror: { normalize: "white", neighbours: "mirror" },
} as const satisfies Record<string, PreparationOptions>;
/** One of them. */
export type Preparation = keyof typeof PREPARATIONS;

/** What the network is given of each stamp: its first principal axes. */
export const AXES = 40;
const CROP = 16;
/** Stamps simulated at a time. */
const CHUNK = 250;

/** Stamps without their masks, and the light within 2.6 of that within 6 pixels in r. */
export interface Stamps {
  readonly images: NdArray<Float32Array>;
  readonly labels: Int32Array;
  readonly blend: Float32Array;
  readonly aperture: Float32Array;
}

/** Simulates stamps in parts. */
export function stampsOf(options: StarGalaxyOptions): Stamps {
  const { n, size = 32 } = options;
  const width = 5 * size * size;
  const images = new NdArray(new Float32Array(n * width), [n, 5, size, size]);
  const [labels, blend, aperture] = [new Int32Array(n), new Float32Array(n), new Float32Array(n)];
  for (let first = 0; first < n; first += CHUNK) {
    const part = simulateStarsGalaxies({ ...options, first, n: Math.min(CHUNK, n - first) });
    images.data.set(part.images.data, first * width);
    labels.set(part.labels, first);
    blend.set(part.columns.blend, first);
    aperture.set(apertureRatios(part, size), first);
  }
  return { images, labels, blend, aperture };
}

function apertureRatios({ images, labels }: StarGalaxyStamps, size: number): Float32Array {
  const middle = (size - 1) / 2;
  return Float32Array.from(labels, (_, i) => {
    let [inner, outer] = [0, 0];
    for (let p = 0; p < size * size; p++) {
      const distance = Math.hypot(Math.floor(p / size) - middle, (p % size) - middle);
      const value = images.data[(i * 5 + 2) * size * size + p]!;
      if (distance <= 2.6) inner += value;
      if (distance <= 6) outer += value;
    }
    return inner / outer;
  });
}

/** Training and test stamps as a network is given them. */
export interface Prepared {
  readonly train: NdArray<Float32Array>;
  readonly test: NdArray<Float32Array>;
}

/** The middle of both, prepared: [n, channels, 16, 16]. */
export function preparedStamps(train: Stamps, test: Stamps, preparation: Preparation): Prepared {
  const of = ({ images }: Stamps): NdArray<Float32Array> =>
    prepareStamps(images, { skySigma: SKY_SIGMA, crop: CROP, ...PREPARATIONS[preparation] });
  return { train: of(train), test: of(test) };
}

/** The same by their principal axes, and the way back. */
export interface Axes extends Prepared {
  /** Rows of axes, the first of them or all, as prepared stamps [n, width]. */
  readonly back: (rows: NdArray<Float32Array>) => Promise<NdArray<Float32Array>>;
}

/** The first principal axes of prepared stamps; the test stamps have no part in them. */
export async function axesOf({ train, test }: Prepared, device: Device): Promise<Axes> {
  const rows = ({ data, shape }: NdArray<Float32Array>): NdArray<Float32Array> =>
    new NdArray(data, [shape[0]!, data.length / shape[0]!]);
  const pca = new PCA({ nComponents: AXES, device });
  const narrow = ({ data, shape }: NdArray): NdArray<Float32Array> => new NdArray(Float32Array.from(data), [...shape]);
  const axes = { train: narrow(await pca.fitTransform(rows(train))), test: narrow(await pca.transform(rows(test))) };
  const { components, mean } = pca;
  await pca.dispose();
  const back = async ({ data, shape: [n = 0, size = 0] }: NdArray<Float32Array>): Promise<NdArray<Float32Array>> => {
    const width = mean.data.length;
    const stamps = new Float32Array(n * width);
    for (let i = 0; i < n; i++)
      for (let p = 0; p < width; p++) {
        let value = mean.data[p]!;
        for (let axis = 0; axis < size; axis++) value += data[i * size + axis]! * components.data[axis * width + p]!;
        stamps[i * width + p] = value;
      }
    return new NdArray(stamps, [n, width]);
  };
  return { ...axes, back };
}
