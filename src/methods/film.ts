// Where some items lie at moments of a training: what a report shows as a film strip.
import { isRowSource } from "../data/datasets/row-source";
import type { EpochRecord } from "../lifecycle/progress";
import { NdArray } from "../ndarray";
import type { TypedArray } from "../ndarray";
import type { Estimator } from "./method";
import { optionsOf } from "./schema";
import type { AnyMethod } from "./schema";

/** Places of the items after so many epochs of a stage, [rows, d]; 0 is the end of the stage before. */
export interface FilmFrame {
  readonly step: number;
  readonly values: readonly number[];
}

/** The frames of the last stage, a few that lie evenly, and its end. */
export interface Film {
  /** The items. */
  readonly rows: readonly number[];
  readonly stage: string;
  /** Epochs between two frames. */
  readonly every: number;
  readonly frames: readonly FilmFrame[];
}

/** Frames beside the first and the last. */
const MOST = 6;
/** Dimensions of what is kept. */
const WIDEST = 64;
/** Items that are followed. */
const FOLLOWED = 240;
/** Digits that numbers keep. */
const DIGITS = 4;

/** So many of n rows, evenly. */
export const followedRows = (n: number): number[] =>
  Array.from({ length: Math.min(n, FOLLOWED) }, (_, i) => Math.floor((i * n) / Math.min(n, FOLLOWED)));

/**
 * What takes the frames of a method that clusters codes while their network learns on, which is what `updateInterval` tells; of others undefined: N2D's kind places
 * codes after its training, and has no places before.
 */
export const filmingOf = (
  method: AnyMethod,
  x: unknown,
  rows: readonly number[] | undefined,
  film: Film | undefined,
): Filming | undefined =>
  rows && optionsOf(method).some(([name]) => name === "updateInterval") ? new Filming(x, rows, film) : undefined;

/** Takes the frames while a network trains whose codes can be given back. */
export class Filming {
  readonly #x: unknown;
  readonly #rows: readonly number[];
  #film: Film | undefined;
  #items: Promise<NdArray> | undefined;

  constructor(x: unknown, rows: readonly number[], film: Film | undefined) {
    this.#x = x;
    this.#rows = rows;
    this.#film = film;
  }

  get film(): Film | undefined {
    return this.#film;
  }

  /** After an epoch of a stage of so many: a frame where it is due. `clusters`: whether there are labels. */
  async after(estimator: Estimator, { stage, epoch }: EpochRecord, epochs: number, clusters: boolean): Promise<void> {
    const film = this.#of(stage);
    const isEnd = epoch >= epochs;
    if (!isEnd && !(clusters && epoch % film.every === 0)) return;
    await this.#take(estimator, film, epoch);
  }

  /** The last frame of what is trained. */
  async end(estimator: Estimator): Promise<void> {
    const { stage, epoch } = estimator.history.at(-1) ?? {};
    if (stage !== undefined && epoch !== undefined) await this.#take(estimator, this.#of(stage), epoch);
  }

  /** The film of a stage: another one begins where that before ended. */
  #of(stage: string): Film {
    if (this.#film?.stage === stage) return this.#film;
    const last = this.#film?.frames.at(-1);
    return { rows: this.#rows, stage, every: 1, frames: last ? [{ ...last, step: 0 }] : [] };
  }

  async #take(estimator: Estimator, film: Film, step: number): Promise<void> {
    if (!estimator.transform || !estimator.reconstruct) return;
    const { data, shape } = await estimator.transform(await (this.#items ??= this.#taken()));
    if (shape[1]! > WIDEST) return;
    const values = Array.from(data, (value) => Number(value.toPrecision(DIGITS)));
    let { every } = film;
    const kept = (frames: readonly FilmFrame[]): FilmFrame[] =>
      frames.filter((frame) => frame.step < step && frame.step % every === 0);
    while (kept(film.frames).length > MOST) every *= 2;
    this.#film = { ...film, every, frames: [...kept(film.frames), { step, values }] };
  }

  async #taken(): Promise<NdArray> {
    const rows = this.#rows;
    if (isRowSource(this.#x)) return new NdArray(await this.#x.rows(rows), [rows.length, ...this.#x.rowShape]);
    const { data, shape } = this.#x as NdArray<TypedArray>;
    const [n = 1, ...item] = shape;
    const width = data.length / n;
    const taken = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      for (let j = 0; j < width; j++) taken[i * width + j] = Number(data[row * width + j]!);
    });
    return new NdArray(taken, [rows.length, ...item]);
  }
}
