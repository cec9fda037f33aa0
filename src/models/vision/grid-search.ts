import { checkOptions } from "../../checks";
// Searches over hyper-parameters, as the tables of the comparison on telescope images have them: every cell is kept when it is done.

/** Values of the hyper-parameters of one run. */
export type GridCell = Readonly<Record<string, string | number>>;

/** A run that is done. */
export interface GridResult {
  readonly cell: GridCell;
  readonly measures: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Where finished cells are kept: a folder (`folderStore` of `constella/data`), or anything with names and texts. */
export interface GridStore {
  /** Undefined where there is nothing of that name. */
  read(name: string): Promise<string | undefined>;
  /** Whole or not at all. */
  write(name: string, text: string): Promise<void>;
}

/** Options of `GridSearch`. */
export interface GridSearchOptions {
  /** Values to try by name; the last varies fastest. */
  readonly axes: Readonly<Record<string, readonly (string | number)[]>>;
  /** Trains and measures one cell. What it throws ends the search; the cells before are kept. */
  readonly run: (cell: GridCell, signal: AbortSignal | undefined) => Promise<Readonly<Record<string, number>>>;
  /** Leaves out combinations that make no sense. Default: all are run. */
  readonly include?: (cell: GridCell) => boolean;
  /** Default: nothing is kept. */
  readonly store?: GridStore;
  readonly signal?: AbortSignal;
  /** After each cell, those that were found in the store too. */
  readonly onCell?: (result: GridResult, done: number, total: number) => void;
}

/** Every combination of some hyper-parameters. Killed at any moment, it goes on with the cells that are missing. */
export class GridSearch {
  readonly cells: readonly GridCell[];
  readonly #options: GridSearchOptions;
  #results: GridResult[] = [];

  /** @throws when there is no axis, or one without values */
  constructor(options: GridSearchOptions) {
    checkOptions("GridSearch", options, ["axes", "run", "include", "store", "signal", "onCell"], ["axes", "run"]);
    this.#options = options;
    const axes = Object.entries(options.axes);
    if (axes.length === 0) throw new Error("GridSearch: axes must name at least one hyper-parameter, {}");
    for (const [name, values] of axes)
      if (values.length === 0) throw new Error(`GridSearch: the axis ${name} has no values`);
    let cells: GridCell[] = [{}];
    for (const [name, values] of axes)
      cells = cells.flatMap((cell) => values.map((value) => ({ ...cell, [name]: value })));
    this.cells = options.include ? cells.filter(options.include) : cells;
  }

  /** Cells that are done, in order. */
  get results(): readonly GridResult[] {
    return this.#results;
  }

  /** Runs what is missing. @throws what a run throws, and the signal's reason when aborted */
  async run(): Promise<readonly GridResult[]> {
    const { run, store, signal, onCell } = this.#options;
    this.#results = [];
    for (const cell of this.cells) {
      signal?.throwIfAborted();
      const name = `${cellName(cell)}.json`;
      let result = parse(await store?.read(name), cell);
      if (!result) {
        const begin = performance.now();
        const measures = await run(cell, signal);
        result = { cell, measures, seconds: (performance.now() - begin) / 1000 };
        await store?.write(name, `${JSON.stringify(result, null, 2)}\n`);
      }
      this.#results.push(result);
      onCell?.(result, this.#results.length, this.cells.length);
    }
    return this.#results;
  }

  /** The result with the highest measure among cells that have the given values. @throws when there is none */
  best(measure: string, where: GridCell = {}): GridResult {
    const found = this.#results.filter(({ cell }) =>
      Object.entries(where).every(([name, value]) => cell[name] === value),
    );
    const [first, ...rest] = found;
    if (!first) throw new Error(`GridSearch.best: no finished cell has ${JSON.stringify(where)}`);
    const of = ({ measures }: GridResult): number => measures[measure] ?? -Infinity;
    return rest.reduce((best, result) => (of(result) > of(best) ? result : best), first);
  }
}

/** `method=deep-cluster,lr=0.001`, in letters that every file system takes. */
function cellName(cell: GridCell): string {
  const part = (value: string | number): string =>
    String(value).replace(/[^\w.+-]/g, (c) => `%${c.codePointAt(0)!.toString(16)}`);
  return Object.entries(cell)
    .map(([name, value]) => `${part(name)}=${part(value)}`)
    .join(",");
}

/** A kept cell; undefined where it is another's, or not whole. */
function parse(text: string | undefined, cell: GridCell): GridResult | undefined {
  if (text === undefined) return undefined;
  try {
    const found = JSON.parse(text) as Partial<GridResult>;
    const same = JSON.stringify(found.cell) === JSON.stringify(cell);
    return same && found.measures && typeof found.seconds === "number" ? (found as GridResult) : undefined;
  } catch {
    return undefined;
  }
}
