import type { ImageLayout } from "../data/image-layout";
import type { Device } from "../device";
import { sizeOf } from "../ndarray";
import { Model } from "./model";
import { Rows } from "./rows";
import type { RowsLike } from "./rows";

/** A `Model` that takes rows of as many values as it was made for. */
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

  /** @throws when the rows have another number of values */
  protected checkWidth(op: string, rows: Rows, width: number): void {
    if (rows.width !== width)
      throw new Error(`${this.name}.${op}: x must have ${width} values a row, got ${rows.width}`);
  }
}
