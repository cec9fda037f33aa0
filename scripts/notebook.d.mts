import type { Output } from "./jupyter.mjs";
export type { Output };

/** A notebook, as far as it is run. */
export interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: readonly string[];
    readonly outputs?: readonly Output[];
  }[];
}

export function runNotebook(notebook: Notebook, folder: string): Promise<Output[][]>;
