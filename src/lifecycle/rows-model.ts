import type { ImageLayout } from "../data/image-layout";
import type { Device } from "../device";
import { sizeOf } from "../ndarray";
import { Model } from "./model";
import { Rows } from "./rows";
import type { RowsLike } from "./rows";

/**
 * A `Model` that takes rows of as many values as it was made for, and trains on them: a `fit` goes on where the one before stood, stopped or at its end, to
 * as many epochs as it is told, counted from the beginning, with the same rows.
 */
export abstract class RowsModel<Settings extends object = object> extends Model<Settings> {
  #layout: ImageLayout | undefined;

  /**
   * How the pictures [n, a, b, c] that `fit` was given were taken, by their shape: those with their channels last were brought to [n, channels, height,
   * width]. Undefined before `fit`, and for data of another rank.
   */
  get layout(): ImageLayout | undefined {
    return this.#layout;
  }

  /** `use` of the rows of x, which are taken once. @throws as `computing`, and when its items have not as many values as `items` */
  protected async computingRows<R>(
    x: RowsLike,
    op: string,
    items: readonly number[],
    use: (rows: Rows) => Promise<R>,
  ): Promise<R> {
    return this.computing(op, async () => {
      const rows = await Rows.from(await this.built(), x, `${this.name}.${op}`, { passes: 1, items });
      try {
        this.checkWidth(op, rows, sizeOf(items));
        return await use(rows);
      } finally {
        rows.dispose();
      }
    });
  }

  /** The rows of what `fit` was given. @param items of which the network takes pictures, where it does */
  protected async rowsOf(device: Device, x: RowsLike, items?: readonly number[]): Promise<Rows> {
    const rows = await Rows.from(device, x, `${this.name}.fit`, items ? { items } : {});
    this.#layout = rows.layout;
    return rows;
  }

  /**
   * Holds the rows of `fit` against what the model takes, and what its training began with.
   * @param labels what is learned of each row, where that is told
   * @throws when the rows have another number of values, are fewer than clusters, or other ones than before
   */
  protected async checkFit(
    rows: Rows,
    width: number,
    training: { goesOnWith(rows: Rows, op: string, labels?: Int32Array): Promise<void> },
    labels?: Int32Array,
  ): Promise<void> {
    const op = `${this.name}.fit`;
    this.checkWidth("fit", rows, width);
    const { nClusters = 0 } = this.settings as { readonly nClusters?: number };
    if (nClusters > rows.count)
      throw new Error(`${op}: nClusters must be at most the number of rows, got ${nClusters} for ${rows.count} rows`);
    await training.goesOnWith(rows, op, labels);
  }

  /** @throws when the rows have another number of values */
  protected checkWidth(op: string, rows: Rows, width: number): void {
    if (rows.width !== width)
      throw new Error(`${this.name}.${op}: x must have ${width} values a row, got ${rows.width}`);
  }
}
