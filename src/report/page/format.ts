const group = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

/** An integer with its thousands grouped: 70,000. */
export const formatCount = (value: number): string =>
  value < 0 ? `\u2212${group(String(Math.round(-value)))}` : group(String(Math.round(value)));

/** A measured value: three decimals (or `decimals`) below 100, fewer above, grouped thousands, powers of ten at the extremes, a dash for NaN. */
export function formatValue(value: number, decimals = 3): string {
  if (Number.isNaN(value)) return "\u2013";
  if (!Number.isFinite(value)) return value > 0 ? "\u221e" : "\u2212\u221e";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 0.5 * 10 ** -decimals)) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${mantissa!.replace("-", "\u2212")}\u00a0\u00d7\u00a010^${Number(exponent)}`.replace("^-", "^\u2212");
  }
  if (size >= 1000) return formatCount(value);
  return value.toFixed(size >= 100 ? Math.min(1, decimals) : decimals).replace("-", "\u2212");
}

/** As `formatValue`, for columns of shares and indices: what is too small for the decimals is 0. */
export const formatFixed = (value: number, decimals = 3): string =>
  formatValue(Math.abs(value) < 0.5 * 10 ** -decimals ? 0 : value, decimals);

/** A number on an axis, as short as it can be: 0.05, 2,500, 40k, 3M, 1e−5. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  const short = (scaled: number) => String(Number(scaled.toPrecision(4))).replace("-", "\u2212");
  if (size !== 0 && (size < 1e-3 || size >= 1e12))
    return value.toExponential().replace(/-/g, "\u2212").replace("+", "");
  for (const [unit, letter] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const)
    if (size >= unit) return `${short(value / (letter === "k" ? 1e3 : unit))}${letter}`;
  return size >= 1000 && Number.isInteger(value) ? formatCount(value) : short(value);
}

/** A share as a percentage with one decimal: 97.2 %. Only all is 100 %, and only nothing is 0 %. */
export function formatShare(share: number): string {
  if (Number.isNaN(share)) return "\u2013";
  if (share === 0 || share === 1) return `${100 * share}\u00a0%`;
  if (share < 0.0005) return "<\u00a00.1\u00a0%";
  return `${Math.min(99.9, 100 * share).toFixed(1)}\u00a0%`;
}

/** A duration in seconds as people say it: 0.42 s, 2 min 13 s, 1 h 04 min. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "\u2013";
  if (seconds < 10) return `${seconds.toFixed(2)}\u00a0s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded}\u00a0s`;
  if (rounded < 3600)
    return `${Math.floor(rounded / 60)}\u00a0min\u00a0${String(rounded % 60).padStart(2, "0")}\u00a0s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}\u00a0h\u00a0${String(minutes % 60).padStart(2, "0")}\u00a0min`;
}

/** "one, two and three". */
export const joinWords = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]!}`;
