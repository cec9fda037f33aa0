import { integer } from "../options";
import type { MatrixLike } from "../matrix";
import type { NdArray, TypedArray } from "../ndarray";
import type { SparseMatrix } from "../sparse";
import type { Tensor } from "../tensor";
import { withPrefix } from "./checkpoint";
import type { Checkpoint, Learned } from "./checkpoint";
import { checkSamePoints, pointsOf } from "./same-points";
import type { PointsOf } from "./same-points";

export type { PointsOf };

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
  /** Of the points of the fit under way. */
  #hash: number | undefined;

  /** Of the last fit that ended. */
  get result(): Result | undefined {
    return this.#result;
  }

  /** Where the fit stands. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /**
   * A fit of points x begins; returns where a loaded one stood, which it goes on from. Nothing is let go before the fit stands somewhere itself, so that one
   * that is refused leaves all as it was.
   * @throws `op: …` when a loaded fit is to go on with other points
   */
  async enter(op: string, x: MatrixLike | Tensor | SparseMatrix): Promise<Standing | undefined> {
    const now = await pointsOf(x, op);
    const before = this.#goesOn ? this.#standing : undefined;
    if (before) checkSamePoints(op, before, now);
    this.#hash = now.hash;
    return before;
  }

  /** From now on the fit can say where it stands. */
  stand<S extends Standing>(standing: S): S {
    this.#standing = { ...standing, hash: this.#hash };
    this.#goesOn = false;
    return standing;
  }

  /** The fit has ended. */
  end(result: Result): void {
    [this.#result, this.#standing, this.#goesOn] = [result, undefined, false];
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
    const { d, hash } = standing ?? {};
    return {
      arrays: { ...(result && ofResult(result)), ...withPrefix(STANDING, arrays) },
      ...(standing && { state: { ...state, hash, ...(d !== undefined && { d }) } }),
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
    const hash = saved.entry<number>("hash", integer(0));
    this.#standing = { ...ofStanding(standing, () => saved.entry<number>("d", integer(1))), hash };
    this.#goesOn = true;
    return saved.arrays[named] !== undefined;
  }

  /** A result that was read, or made of what was. */
  restored(result: Result): void {
    this.#result = result;
  }
}
