import { fitted } from "../checks";
import { runCooperatively, type Cooperative } from "../event-loop";
import type { MatrixLike } from "../matrix";
import type { NdArray } from "../ndarray";
import { checkedOptions, choice, finite } from "../options";
import { columnOf, mapped, moments, quantile, sorted, tableOf } from "./columns";

/** What stands in for a missing value. */
export type ImputerStrategy = "mean" | "median" | "mostFrequent" | "constant";

/** Options of `Imputer`. */
export interface ImputerOptions {
  /** Of the column's other values; the least of several that are most frequent. Default mean. */
  readonly strategy?: ImputerStrategy;
  /** What `constant` puts in. Default 0. */
  readonly fillValue?: number;
}

/** Puts a number into the place of each missing value, NaN, of a table: one for each column, found by `fit`. */
export class Imputer {
  readonly settings: Required<ImputerOptions>;
  #statistics: readonly number[] | undefined;

  /** @throws for unknown options */
  constructor(options: ImputerOptions = {}) {
    const rules = { strategy: choice("mean", "median", "mostFrequent", "constant"), fillValue: finite };
    this.settings = checkedOptions<Required<ImputerOptions>>("Imputer", options, rules, {
      strategy: "mean",
      fillValue: 0,
    });
  }

  /** What stands in, a number for each column. @throws before `fit` */
  get statistics(): readonly number[] {
    return fitted("Imputer.statistics", this.#statistics);
  }

  /** Finds the numbers of x [n, d], whose missing values are NaN. @throws for infinity, and for a column without any value */
  async fit(x: MatrixLike): Promise<this> {
    this.#statistics = await runCooperatively(this.#find(x));
    return this;
  }

  *#find(x: MatrixLike): Cooperative<readonly number[]> {
    const table = yield* tableOf(x, "Imputer.fit", true);
    const { strategy, fillValue } = this.settings;
    const found: number[] = [];
    for (let c = 0; c < table.shape[1]!; c++) {
      if (strategy === "constant") {
        found.push(fillValue);
        continue;
      }
      const values = yield* columnOf(table, c);
      if (values.length === 0)
        throw new Error(
          `Imputer.fit: every column must have a value, got none in column ${c}; leave it out, or constant`,
        );
      if (strategy === "mean") found.push((yield* moments(values)).mean);
      else {
        const ascending = yield* sorted(values);
        found.push(strategy === "median" ? quantile(ascending, 0.5) : mostFrequent(ascending));
      }
    }
    return found;
  }

  /** x [n, d] without missing values. @throws before `fit`, for another number of columns and infinity */
  async transform(x: MatrixLike): Promise<NdArray<Float64Array>> {
    const { statistics } = this;
    const table = await runCooperatively(tableOf(x, "Imputer.transform", true));
    if (table.shape[1] !== statistics.length)
      throw new Error(`Imputer.transform: x must have ${statistics.length} columns, got ${table.shape[1]}`);
    return mapped(table, (value, c) => (Number.isNaN(value) ? statistics[c]! : value));
  }

  /** `fit`, then `transform` of the same. */
  async fitTransform(x: MatrixLike): Promise<NdArray<Float64Array>> {
    return (await this.fit(x)).transform(x);
  }
}

/** The value with the longest run; the least of several. */
function mostFrequent(ascending: Float64Array): number {
  let [best, longest, begin] = [ascending[0]!, 0, 0];
  for (let i = 1; i <= ascending.length; i++) {
    if (i < ascending.length && ascending[i] === ascending[begin]) continue;
    if (i - begin > longest) [best, longest] = [ascending[begin]!, i - begin];
    begin = i;
  }
  return best;
}
