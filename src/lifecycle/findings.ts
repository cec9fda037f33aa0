import { integer } from "../options";
import type { NdArray, TypedArray } from "../ndarray";
import { withPrefix } from "./checkpoint";
import type { Checkpoint, Learned } from "./checkpoint";

/** The points that a fit is of. */
export interface PointsOf {
  readonly n: number;
  /** Columns, where the fit is not of a graph. */
  readonly d?: number;
}

/** What names of a fit that did not end begin with. */
const STANDING = "standing.";

/**
 * What a model has found, and where a fit stands that did not end: a file holds both, and the next fit of a loaded model goes on from there, with the same
 * points. A fit that is refused leaves all as it was.
 */
export class Findings<Result, Standing extends PointsOf> {
  #result: Result | undefined;
  #standing: Standing | undefined;
  /** Whether the next fit goes on from where a loaded one stood. */
  #goesOn = false;

  /** Of the last fit that ended. */
  get result(): Result | undefined {
    return this.#result;
  }

  /** Where the fit stands. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /**
   * A fit begins; returns where a loaded one stood, which it goes on from.
   * @param points what it is of; asked for where there is something to go on from
   * @throws `op: …` when those are other points in number or columns
   */
  async enter(op: string, points: () => PointsOf | Promise<PointsOf>): Promise<Standing | undefined> {
    const before = this.#goesOn ? this.#standing : undefined;
    if (before) {
      const { n, d = before.d } = await points();
      const words = (...sizes: (number | undefined)[]): string =>
        `[${sizes.filter((of) => of !== undefined).join(", ")}]`;
      if (n !== before.n || d !== before.d)
        throw new Error(
          `${op}: a fit goes on with the same points, ${words(before.n, before.d)} before, ${words(n, before.d && d)} now`,
        );
    }
    [this.#standing, this.#goesOn] = [before, false];
    return before;
  }

  /** From now on the fit can say where it stands. */
  stand<S extends Standing>(standing: S): S {
    this.#standing = standing;
    return standing;
  }

  /** The fit has ended. */
  end(result: Result): void {
    [this.#result, this.#standing] = [result, undefined];
  }

  /** Frees both. */
  release(): void {
    [this.#result, this.#standing] = [undefined, undefined];
  }

  /**
   * Both as a file has them.
   * @param none throws where there is neither
   */
  kept(
    none: (result: Result | undefined) => Result,
    ofResult: (result: Result) => Readonly<Record<string, NdArray<TypedArray>>>,
    ofStanding: (standing: Standing) => Learned,
  ): Learned {
    const standing = this.#standing;
    const result = standing ? this.#result : none(this.#result);
    const { arrays, state } = standing ? ofStanding(standing) : { arrays: {} };
    const d = standing?.d;
    return {
      arrays: { ...(result && ofResult(result)), ...withPrefix(STANDING, arrays) },
      ...(standing && { state: { ...state, ...(d !== undefined && { d }) } }),
    };
  }

  /**
   * Reads where a fit stood, if the file has that.
   * @param named an array that every result has: whether there is one besides is returned
   * @param ofStanding what stood, of its arrays and of columns d where it has them
   */
  restore(saved: Checkpoint, named: string, ofStanding: (standing: Checkpoint, d: () => number) => Standing): boolean {
    const standing = saved.of(saved.below(STANDING));
    if (Object.keys(standing.arrays).length === 0) return true;
    this.#standing = ofStanding(standing, () => saved.entry<number>("d", integer(1)));
    this.#goesOn = true;
    return saved.arrays[named] !== undefined;
  }

  /** A result that was read, or made of what was. */
  restored(result: Result): void {
    this.#result = result;
  }
}
