export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** What is wrong with the first element that is not within atol + rtol·|want|, or undefined; NaN equals NaN. */
export function firstMismatch(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { rtol, atol }: Tolerance,
): string | undefined {
  if (got.length !== want.length) return `${got.length} elements, expected ${want.length}`;
  for (let i = 0; i < got.length; i++) {
    const [g, w] = [got[i]!, want[i]!];
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
    if (!(Math.abs(g - w) <= atol + rtol * Math.abs(w)))
      return `element ${i} is ${g}, expected ${w} (rtol ${rtol}, atol ${atol})`;
  }
  return undefined;
}
