// constella simulate stars-galaxies --field: a field of the sky in five bands as a FITS cube, where its objects are, and their catalogue.
import { writeFits, Wcs } from "../../astronomy";
import type { CardLike } from "../../astronomy";
import { BANDS, FIELD_COLUMNS, simulateStarGalaxyField, SKY_SIGMA, STAR } from "../../data/datasets/stars-galaxies";
import type { StarGalaxyFieldOptions } from "../../data/datasets/stars-galaxies";
import { takeFolder } from "../run/folder";

/** Degrees of a pixel: 0.396 arcsec, as SDSS has them. */
const PIXEL = 0.396 / 3600;
/** Effective wavelengths of SDSS's bands in nm. */
const WAVELENGTHS = [355.1, 468.6, 616.6, 748, 893.2];
/** Where the field is said to be. */
const PLACE = [180, 30] as const;

/** World coordinates of a field of a side. */
const skyOf = (size: number): Record<string, string | number> => ({
  ...{ CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN", CRPIX1: (size + 1) / 2, CRPIX2: (size + 1) / 2 },
  ...{ CRVAL1: PLACE[0], CRVAL2: PLACE[1], CDELT1: -PIXEL, CDELT2: PIXEL },
});

/** Simulates a field into a folder: field.fits, objects.fits, catalogue.csv and simulation.json. Returns what was done, in words. */
export async function simulateField(
  options: StarGalaxyFieldOptions & { readonly size: number },
  out: string,
  version: string,
): Promise<string> {
  const { image, objects, labels, fwhm, columns } = simulateStarGalaxyField(options);
  const { size } = options;
  const sky = skyOf(size);
  const bands = BANDS.flatMap((name, i): CardLike[] => [
    [`BAND${i + 1}`, name],
    [`WAVE${i + 1}`, WAVELENGTHS[i]!, "nm"],
  ]);
  const cards: CardLike[] = [["OBJECT", "simulated stars and galaxies"], ...Object.entries(sky)];
  const places = new Wcs(sky).pixelToWorld(Array.from(labels).flatMap((_, i) => [columns.x[i]!, columns.y[i]!]));
  const lines = Array.from(labels, (label, i) => {
    const values = FIELD_COLUMNS.map((name) => Number(columns[name][i]!.toPrecision(7)));
    const [ra, dec] = [places[2 * i]!, places[2 * i + 1]!].map((value) => value.toFixed(7));
    return [i + 1, label === STAR ? "STAR" : "GALAXY", ra, dec, ...values].join(",");
  });
  const facts = {
    ...{ n: labels.length, what: "simulated field of stars and galaxies", ...options, fwhm },
    ...{ bands: BANDS, skySigma: SKY_SIGMA, unit: "the sky's standard deviation in a pixel of r", constella: version },
  };
  const folder = await takeFolder(out);
  try {
    const history = ["simulated, not observed"];
    await folder.write("field.fits", writeFits(image, { cards: [...cards, ...bands], history }));
    await folder.write("objects.fits", writeFits(objects, { cards, history }));
    const header = ["objID", "class", "ra", "dec", ...FIELD_COLUMNS].join(",");
    await folder.write("catalogue.csv", `${[header, ...lines].join("\n")}\n`);
    await folder.write("simulation.json", `${JSON.stringify(facts, null, 2)}\n`);
  } finally {
    await folder.release();
  }
  const stars = labels.reduce((sum, label) => sum + Number(label === STAR), 0);
  return `a field of ${size} x ${size} pixels with ${stars} stars and ${labels.length - stars} galaxies, in ${out}: simulated`;
}
