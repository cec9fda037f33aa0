// Light profiles as sums of Gaussians: [σ relative to the scale, share of the light]. Shares are divided by their sum.

/** One round Gaussian of a profile. */
export interface ProfileGaussian {
  /** σ over the profile's scale: the FWHM of a point source, the effective radius of a galaxy. */
  readonly sigma: number;
  readonly weight: number;
}

function profile(sigmas: readonly number[], weights: readonly number[]): readonly ProfileGaussian[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return sigmas.map((sigma, i) => ({ sigma, weight: weights[i]! / total }));
}

/** A Moffat profile with β = 3.5 of FWHM 1. */
export const MOFFAT = profile([0.3, 0.45, 0.75, 1.5], [0.1018, 0.5341, 0.3338, 0.0303]);

/** Sérsic profiles of effective radius 1 by their index n; that of n = 4 ends at 8 effective radii. */
export const SERSIC: ReadonlyMap<number, readonly ProfileGaussian[]> = new Map([
  [0.5, profile([0.8493], [1])],
  [1, profile([0.11, 0.25, 0.5, 0.85, 1.3], [0.0051, 0.039, 0.2181, 0.3456, 0.3922])],
  [2, profile([0.03, 0.1, 0.27, 0.65, 1.4, 2.6], [0.0034, 0.0316, 0.1481, 0.3445, 0.32, 0.1524])],
  [4, profile([0.01, 0.04, 0.13, 0.38, 1, 2.6], [0.0053, 0.0328, 0.117, 0.2492, 0.3062, 0.2896])],
]);
