/** A document to draw in: the page's own in a browser, elsewhere one of SVG by linkedom, in the one file that it has for workers. */
export async function drawingDocument(): Promise<Document> {
  if (typeof document !== "undefined") return document;
  const { DOMParser } = await import("linkedom/worker");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg"/>`;
  return new DOMParser().parseFromString(svg, "image/svg+xml") as unknown as Document;
}
