// Items that are selected in the plane: in words, as pictures and as a table.
import { saveFile } from "./files";
import type { DataSummary, Frame, Plane } from "./protocol";
import { selectionInWords, selectionTable, showPictures } from "./view/members";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** What the selected items are of. */
export interface Selectable {
  readonly plane: Plane | undefined;
  readonly frame: Frame | undefined;
  readonly summary: DataSummary | undefined;
  /** Whether the plane is seen. */
  readonly seen: boolean;
}

/** The panel below the picture; without selected items it is not there. */
export class SelectionPanel {
  readonly #of: () => Selectable;
  #items: readonly number[] = [];

  /** @param of how things stand @param end takes the selection back */
  constructor(of: () => Selectable, end: () => void) {
    this.#of = of;
    element("selection-clear").addEventListener("click", end);
    element("selection-save").addEventListener("click", () => void this.#save());
  }

  async #save(): Promise<void> {
    const { plane, frame, summary } = this.#of();
    if (!plane) return;
    saveFile("selected.csv", "text/csv", await selectionTable(this.#items, plane, frame, summary?.classes));
  }

  set items(items: readonly number[]) {
    this.#items = items;
    this.show();
  }

  show(): void {
    const { plane, frame, summary, seen } = this.#of();
    const items = this.#items;
    element("selection").hidden = items.length === 0 || !plane || !seen;
    if (items.length === 0 || !plane) return;
    element("selection-text").textContent = selectionInWords(items, plane, frame, summary);
    const pictures = element<HTMLCanvasElement>("selection-pictures");
    pictures.hidden = !showPictures(pictures, plane, items);
  }
}
