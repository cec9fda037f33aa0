/**
 * Astronomy: FITS files in and out.
 * @module constella/astronomy
 */
export * from "./fits";
export * from "./sky";
export * from "./bands";
