/**
 * Categorical colours, best first. Chosen by farthest-point search in OKLab where the distance of two colours is the smallest over normal,
 * protan, deutan and tritan vision (Machado, Oliveira and Fernandes 2009); lightness 0.52 to 0.80, so that each shows on white and on black.
 */
export const PALETTE: readonly string[] = [
  "#1088b9", "#f8ac3d", "#b93000", "#bab5f5", "#c27e6b", "#6ed6a6", "#5d53cb", "#8f5272", "#af7efa", "#4eaeb1", "#f3721c", "#ca5c8e",
  "#9ab273", "#9e743c", "#67609a", "#6298c6", "#8570ec", "#91a5e1", "#c9c07b", "#7ba22a", "#ae5258", "#66c4cd", "#fe70a3", "#8b40b2",
]; // prettier-ignore

/** What draws the members that belong to no cluster. */
export const NOISE_COLOUR = "#8a8f98";

/** The colour of a cluster; from the 25th on they repeat, and the labels in the charts tell them apart. */
export const clusterColour = (cluster: number): string =>
  cluster < 0 ? NOISE_COLOUR : PALETTE[cluster % PALETTE.length]!;

/** A colour as the number 0xRRGGBB. */
export const rgbOf = (colour: string): number => parseInt(colour.trim().slice(1), 16);

// matplotlib's viridis (Smith and van der Walt, CC0) at nine equal steps
const VIRIDIS = ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"].map((hex) =>
  [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)),
);

/** The 256 colours of viridis as RGB bytes [256, 3], interpolated between its nine equal steps. */
export function viridis(): Uint8Array {
  const colours = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    const position = (index / 255) * (VIRIDIS.length - 1);
    const low = Math.min(Math.floor(position), VIRIDIS.length - 2);
    for (let channel = 0; channel < 3; channel++) {
      const from = VIRIDIS[low]![channel]!;
      const to = VIRIDIS[low + 1]![channel]!;
      colours[index * 3 + channel] = Math.round(from + (to - from) * (position - low));
    }
  }
  return colours;
}
