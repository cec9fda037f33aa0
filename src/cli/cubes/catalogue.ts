// Catalogues of objects: a line of a CSV file or a row of a FITS binary table for each.
import { FitsFile } from "../../astronomy";
import { encodeLabels } from "../../data/formats/class-labels";
import type { ClassLabels } from "../../data/formats/class-labels";
import type { ColumnName } from "../../data/formats/csv/csv";
import { loadTable } from "../../data/formats/files";
import { isFits } from "./kind";

/** What is taken of a catalogue. */
export interface Catalogue {
  /** The two places of each object, one after the other. */
  readonly places: Float64Array;
  readonly ids: readonly string[] | null;
  readonly labels: ClassLabels | null;
}

/** Which columns: two of the place, and where they are asked for those of names and classes. */
export interface CatalogueColumns {
  readonly places: readonly [string, string];
  readonly id?: ColumnName | undefined;
  readonly label?: ColumnName | undefined;
}

/** Reads a catalogue: the first binary table of a FITS file, else a table of text. @throws one line that names the file, for columns that are not there too */
export async function loadCatalogue(path: string, columns: CatalogueColumns): Promise<Catalogue> {
  if (await isFits(path)) return fitsCatalogue(path, columns);
  const { places, id, label } = columns;
  const table = await loadTable(path, {
    columns: places,
    ...(id !== undefined && { id }),
    ...(label !== undefined && { label }),
  });
  return { places: Float64Array.from(table.data.data), ids: table.ids, labels: table.labels };
}

async function fitsCatalogue(path: string, { places, id, label }: CatalogueColumns): Promise<Catalogue> {
  const file = await FitsFile.open(path);
  try {
    const table = file.table();
    const nameOf = (column: ColumnName): string => {
      if (typeof column === "string") return column;
      const found = table.columns.at(column);
      if (found) return found.name;
      throw new Error(`fits: columns must be from 0 to ${table.columns.length - 1}, got ${column}`);
    };
    const words = async (column: ColumnName): Promise<string[]> => {
      const { data, shape } = await table.read(nameOf(column));
      if (shape.length !== 1) throw new Error(`fits: column ${nameOf(column)} must have one value a row, got [${shape.slice(1).join(", ")}]`); // prettier-ignore
      return Array.from(data as ArrayLike<unknown>, String);
    };
    const values = new Float64Array(2 * table.length);
    for (const [at, name] of places.entries()) {
      const { data, shape } = await table.numbers(name);
      if (shape.length !== 1) throw new Error(`fits: column ${name} must have one number a row, got [${shape.slice(1).join(", ")}]`); // prettier-ignore
      data.forEach((value, row) => (values[2 * row + at] = value));
    }
    return {
      places: values,
      ids: id === undefined ? null : await words(id),
      labels: label === undefined ? null : encodeLabels(await words(label)),
    };
  } catch (error) {
    const { message } = error as Error;
    throw message.includes(path) ? error : new Error(`${message} (${path})`, { cause: error });
  } finally {
    await file.close();
  }
}
