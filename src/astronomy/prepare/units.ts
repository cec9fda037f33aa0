import { FitsHeader, type HeaderLike } from "../fits";

/** Units that fluxes are brought to: jansky, or erg / s / cm² / Å. */
export const FLUX_UNITS = ["Jy", "flam"] as const;

/** A unit of flux. */
export type FluxUnit = (typeof FLUX_UNITS)[number];

/** Units by another spelling: BUNIT in lower case without blanks. */
const JANSKY: Readonly<Record<string, number>> = {
  ...{ jy: 1, mjy: 1e-3, ujy: 1e-6, njy: 1e-9, "jy/pixel": 1, "mjy/pixel": 1e-3 },
  nanomaggy: 3.631e-6,
  nanomaggies: 3.631e-6,
};
const COUNTS = /^(electrons?|e-?|counts?|adu|dn)(\/s(ec)?|s-1)?$/;
const FLAM = /^erg(s)?\/(s|sec)\/cm(\^|\*\*)?2\/(a|angstroms?)$|^ergs?s-?1cm-?2a(ngstrom)?-?1$/;
/** Å / s. */
const LIGHT = 2.99792458e18;
/** erg / s / cm² / Hz of a jansky. */
const PER_JANSKY = 1e-23;

/**
 * The number by which values of an image are multiplied to be of a unit, by BUNIT, PHOTFLAM and PHOTPLAM (counts without a time are divided by EXPTIME).
 * @throws `units: …` where the header does not say what is needed
 */
export function fluxFactor(header: HeaderLike, unit: FluxUnit): number {
  const keywords = FitsHeader.of(header);
  if (!FLUX_UNITS.includes(unit))
    throw new Error(`units: the unit must be ${FLUX_UNITS.join(" or ")}, got ${String(unit)}`);
  const given = keywords.string("BUNIT")?.trim();
  if (!given) throw new Error("units: the header has no unit (BUNIT)");
  const plain = given.toLowerCase().replaceAll(" ", "");
  const needed = (key: string): number => {
    const value = keywords.number(key);
    if (value === undefined || !(value > 0))
      throw new Error(`units: ${key} must be positive to bring ${given} to ${unit}, got ${value ?? "none"}`);
    return value;
  };
  // MJy stands for mega- and mJy for millijansky, which only their case tells apart
  const jansky = given.startsWith("MJy") ? undefined : JANSKY[plain];
  const perJansky = (): number => PER_JANSKY * (LIGHT / needed("PHOTPLAM") ** 2);
  if (jansky !== undefined) return unit === "Jy" ? jansky : jansky * perJansky();
  let flam: number;
  const counts = COUNTS.exec(plain);
  if (counts) flam = needed("PHOTFLAM") / (counts[2] === undefined ? needed("EXPTIME") : 1);
  else if (FLAM.test(plain)) flam = 1;
  else
    throw new Error(`units: BUNIT must be counts, electrons, Jy or erg/s/cm2/A to be brought to ${unit}, got ${given}`);
  return unit === "flam" ? flam : flam / perJansky();
}

/** Central wavelength in nanometres, by PHOTPLAM, WAVELENG or the number in the filter's name; undefined where none tells it. */
export function wavelengthOf(header: HeaderLike): number | undefined {
  const keywords = FitsHeader.of(header);
  const pivot = keywords.number("PHOTPLAM");
  if (pivot !== undefined && pivot > 0) return pivot / 10;
  const digits = /^F(\d{3})[A-Z]/.exec(filterOf(keywords) ?? "")?.[1];
  if (digits === undefined) return undefined;
  // the infrared filters of Hubble are named after tens of nanometres
  return Number(digits) < 200 ? 10 * Number(digits) : Number(digits);
}

/** The filter's name: FILTER, or of several wheels the one that is not clear. */
export function filterOf(header: HeaderLike): string | undefined {
  const keywords = FitsHeader.of(header);
  for (const key of ["FILTER", "FILTER1", "FILTER2", "FILTNAM1", "BAND"]) {
    const value = keywords.get(key);
    if (typeof value === "string" && value.trim() !== "" && !/^CLEAR/i.test(value)) return value.trim();
  }
  return undefined;
}
