/** Stands in for linkedom, which charts are drawn with where there is no document. */
export class DOMParser {
  constructor() {
    throw new Error("linkedom: a page draws in its own document");
  }
}
