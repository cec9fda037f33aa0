import { fitted, isObject, show } from "../checks";
import { runCooperatively, type Cooperative } from "../event-loop";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { checkedOptions, flag, type Rule } from "../options";
import { columnOf, mapped, moments, quantile, sorted, tableOf } from "./columns";

/** What a scaler has learned, a number for each column, fit for JSON: z = (x − center) / scale + shift. */
export interface Scaling {
  readonly center: readonly number[];
  /** 1 for a column that does not vary. */
  readonly scale: readonly number[];
  readonly shift: number;
}

/**
 * Brings the columns of a table to a scale, each by itself: z = (x − center) / scale + shift, in float64, so that the offset of a column (a Unix time)
 * is subtracted before anything is rounded.
 */
export abstract class Scaler {
  readonly #name: string;
  #scaling: Scaling | undefined;

  /** @param name of the scaler, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** What `fit` has found. @throws before `fit` */
  get scaling(): Scaling {
    return fitted(`${this.#name}.scaling`, this.#scaling);
  }

  /** Takes up what another scaler of this kind has found, `scaling`, out of JSON. @throws for anything else */
  restore(scaling: Scaling): this {
    const op = `${this.#name}.restore`;
    const numbers = (list: unknown): boolean => Array.isArray(list) && list.length > 0 && list.every(Number.isFinite);
    if (
      !isObject(scaling) ||
      !numbers(scaling.center) ||
      !numbers(scaling.scale) ||
      !Number.isFinite(scaling.shift) ||
      scaling.center.length !== scaling.scale.length ||
      scaling.scale.includes(0)
    )
      throw new Error(
        `${op}: scaling must have center and scale, a number for each column, and shift, got ${show(scaling)}`,
      );
    this.#scaling = { center: [...scaling.center], scale: [...scaling.scale], shift: scaling.shift };
    return this;
  }

  /** Finds the numbers of x [n, d]. @throws for NaN and infinity, naming the place */
  async fit(x: MatrixLike): Promise<this> {
    this.#scaling = await runCooperatively(this.#find(x));
    return this;
  }

  *#find(x: MatrixLike): Cooperative<Scaling> {
    const table = yield* tableOf(x, `${this.#name}.fit`);
    const [center, scale]: [number[], number[]] = [[], []];
    for (let c = 0; c < table.shape[1]!; c++) {
      const found = yield* this.column(yield* columnOf(table, c));
      center.push(found.center);
      scale.push(found.scale > 0 ? found.scale : 1);
    }
    return { center, scale, shift: this.shift };
  }

  /** x [n, d] on the scale. @throws before `fit`, for another number of columns, NaN and infinity */
  async transform(x: MatrixLike): Promise<NdArray<Float64Array>> {
    const { center, scale, shift } = this.scaling;
    const table = await this.#table(x, "transform");
    return mapped(table, (value, c) => (value - center[c]!) / scale[c]! + shift);
  }

  /** z [n, d] in the units of the data: x = (z − shift) scale + center. @throws as `transform` */
  async inverseTransform(z: MatrixLike): Promise<NdArray<Float64Array>> {
    const { center, scale, shift } = this.scaling;
    const table = await this.#table(z, "inverseTransform");
    return mapped(table, (value, c) => (value - shift) * scale[c]! + center[c]!);
  }

  /** `fit`, then `transform` of the same. */
  async fitTransform(x: MatrixLike): Promise<NdArray<Float64Array>> {
    return (await this.fit(x)).transform(x);
  }

  async #table(x: MatrixLike, method: string): ReturnType<typeof runTable> {
    const op = `${this.#name}.${method}`;
    const table = await runTable(x, op);
    const d = this.scaling.center.length;
    if (table.shape[1] !== d) throw new Error(`${op}: x must have ${d} columns, got ${table.shape[1]}`);
    return table;
  }

  /** Center and scale of the values of a column, which it may overwrite; a scale of 0 where they do not vary. */
  protected abstract column(
    values: Float64Array<ArrayBuffer>,
  ): Cooperative<{ readonly center: number; readonly scale: number }>;

  /** What is added on the scale. */
  protected get shift(): number {
    return 0;
  }
}

const runTable = (x: MatrixLike, op: string) => runCooperatively(tableOf(x, op));

/** Options of `StandardScaler`. */
export interface StandardScalerOptions {
  /** Subtract the mean. Default true. */
  readonly withMean?: boolean;
  /** Divide by the standard deviation. Default true. */
  readonly withStd?: boolean;
}

/** Columns less their means, over their standard deviations (of n, not n − 1); a column that does not vary becomes 0. */
export class StandardScaler extends Scaler {
  readonly settings: Required<StandardScalerOptions>;

  /** @throws for unknown options */
  constructor(options: StandardScalerOptions = {}) {
    super("StandardScaler");
    const rules = { withMean: flag, withStd: flag };
    this.settings = checkedOptions<Required<StandardScalerOptions>>("StandardScaler", options, rules, {
      withMean: true,
      withStd: true,
    });
  }

  protected *column(values: Float64Array<ArrayBuffer>): Cooperative<{ center: number; scale: number }> {
    const { mean, deviation } = yield* moments(values);
    return { center: this.settings.withMean ? mean : 0, scale: this.settings.withStd ? deviation : 1 };
  }
}

/** Two numbers, the first below the second, from `low` to `high`. */
const interval = (low: number, high: number): Rule => ({
  words: `two numbers, the first below the second${low > -Infinity ? `, from ${low} to ${high}` : ""}`,
  holds: (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every(Number.isFinite) &&
    value[0] >= low &&
    value[0] < value[1] &&
    value[1] <= high,
});

/** Options of `MinMaxScaler`. */
export interface MinMaxScalerOptions {
  /** Where the least and the greatest value of each column go. Default [0, 1]. */
  readonly featureRange?: readonly [number, number];
}

/** Columns stretched so that their least and greatest values lie at the ends of a range; a column that does not vary lies at its beginning. */
export class MinMaxScaler extends Scaler {
  readonly settings: Required<MinMaxScalerOptions>;

  /** @throws for unknown options and an empty range */
  constructor(options: MinMaxScalerOptions = {}) {
    super("MinMaxScaler");
    const rules = { featureRange: interval(-Infinity, Infinity) };
    this.settings = checkedOptions<Required<MinMaxScalerOptions>>("MinMaxScaler", options, rules, {
      featureRange: [0, 1],
    });
  }

  protected override get shift(): number {
    return this.settings.featureRange[0];
  }

  // eslint-disable-next-line require-yield
  protected *column(values: Float64Array<ArrayBuffer>): Cooperative<{ center: number; scale: number }> {
    const [low, high] = this.settings.featureRange;
    let [least, greatest] = [Infinity, -Infinity];
    for (const value of values) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
    return { center: least, scale: (greatest - least) / (high - low) };
  }
}

/** Options of `RobustScaler`. */
export interface RobustScalerOptions {
  /** Subtract the median. Default true. */
  readonly withCentering?: boolean;
  /** Divide by the difference of the quantiles. Default true. */
  readonly withScaling?: boolean;
  /** Which two, in percent. Default [25, 75]. */
  readonly quantileRange?: readonly [number, number];
}

/** Columns less their medians, over the difference of two quantiles (between two values linearly), which a few outliers do not move. */
export class RobustScaler extends Scaler {
  readonly settings: Required<RobustScalerOptions>;

  /** @throws for unknown options and quantiles out of order */
  constructor(options: RobustScalerOptions = {}) {
    super("RobustScaler");
    const rules = { withCentering: flag, withScaling: flag, quantileRange: interval(0, 100) };
    this.settings = checkedOptions<Required<RobustScalerOptions>>("RobustScaler", options, rules, {
      withCentering: true,
      withScaling: true,
      quantileRange: [25, 75],
    });
  }

  protected *column(values: Float64Array<ArrayBuffer>): Cooperative<{ center: number; scale: number }> {
    const { withCentering, withScaling, quantileRange } = this.settings;
    const ascending = yield* sorted(values);
    const [low, high] = quantileRange.map((q) => quantile(ascending, q / 100)) as [number, number];
    return { center: withCentering ? quantile(ascending, 0.5) : 0, scale: withScaling ? high - low : 1 };
  }
}
