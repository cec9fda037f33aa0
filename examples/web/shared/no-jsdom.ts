/** Stands in for jsdom, which charts are drawn with where there is no document. */
export class JSDOM {
  constructor() {
    throw new Error("jsdom: a page draws in its own document");
  }
}
