import { formatCount, formatValue } from "../page/format";
import { clusterColour, viridis } from "./palette";

/** How numbers are shown by colour and told in words. */
export interface ValueColours {
  readonly colourOf: (value: number) => string;
  readonly told: (value: number) => string;
  /** What the colours are, "" without numbers. */
  readonly range: string;
}

const COLOURS = viridis();

/** Colours for numbers, dark to bright from the least to the greatest of them. NaN counts for nothing. */
export function valueColours(values: readonly number[]): ValueColours {
  const shown = values.filter((value) => !Number.isNaN(value));
  const low = shown.reduce((a, b) => Math.min(a, b), Infinity);
  const high = shown.reduce((a, b) => Math.max(a, b), -Infinity);
  const told = shown.every(Number.isInteger) ? formatCount : formatValue;
  return {
    told,
    colourOf: (value) => {
      const index = high > low ? Math.round((255 * (value - low)) / (high - low)) : 128;
      return `rgb(${[0, 1, 2].map((channel) => COLOURS[3 * index + channel]!).join(",")})`;
    },
    range: shown.length > 0 ? `${told(low)} (dark) to ${told(high)} (bright)` : "",
  };
}

/** Colours for numbers of clusters, −1 none. */
export const clusterColours = (clusters: readonly number[]): ValueColours => ({
  ...{ colourOf: clusterColour, told: formatCount },
  range: `${new Set(clusters.filter((cluster) => cluster >= 0)).size} clusters`,
});
