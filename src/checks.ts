// Checks of what users give by name: each throws `op: name must be …, value` for the first that is not.

type Named<T> = Readonly<Record<string, T>>;

function check<T>(op: string, given: Named<T>, holds: (value: T) => boolean, rule: string): void {
  for (const [name, value] of Object.entries(given))
    if (!holds(value)) throw new Error(`${op}: ${name} must be ${rule}, ${String(value)}`);
}

/** Whether a number is whole and within a range. */
export const isWhole = (value: number, from: number, to = Infinity): boolean =>
  Number.isInteger(value) && value >= from && value <= to;

/** @throws unless all are whole numbers from `from` to `to` */
export function checkWhole(op: string, given: Named<number>, from: number, to = Infinity): void {
  check(
    op,
    given,
    (value) => isWhole(value, from, to),
    `a whole number from ${from}${to < Infinity ? ` to ${to}` : ""}`,
  );
}

/** @throws unless all are lists of positive whole numbers, none of them empty */
export function checkSizes(op: string, given: Named<readonly number[]>): void {
  for (const [name, sizes] of Object.entries(given))
    if (!Array.isArray(sizes) || sizes.length === 0 || !sizes.every((size: number) => isWhole(size, 1)))
      throw new Error(`${op}: ${name} must be positive whole numbers, [${String(sizes)}]`);
}

/** @throws unless all are above 0 */
export function checkPositive(op: string, given: Named<number>): void {
  check(op, given, (value) => value > 0, "positive");
}

/** @throws unless all are from `low` to `high` */
export function checkRange(op: string, given: Named<number>, low: number, high = Infinity): void {
  const rule = high === Infinity ? `${low} or more` : `from ${low} to ${high}`;
  check(op, given, (value) => value >= low && value <= high, rule);
}

/** @throws unless all are in [0, 1) */
export function checkShare(op: string, given: Named<number>): void {
  check(op, given, (value) => value >= 0 && value < 1, "in [0, 1)");
}

/** @throws unless all are among `choices` */
export function checkChoice(op: string, given: Named<string>, choices: readonly string[]): void {
  check(op, given, (value) => choices.includes(value), choices.join(" or "));
}

/** What `fit` has made. @throws before it has */
export function fitted<T>(op: string, made: T | undefined): T {
  if (made === undefined) throw new Error(`${op}: call fit first`);
  return made;
}
