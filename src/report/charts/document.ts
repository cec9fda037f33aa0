/** A document to draw in: the page's own in a browser, jsdom's elsewhere. */
export async function drawingDocument(): Promise<Document> {
  if (typeof document !== "undefined") return document;
  const { JSDOM } = await import("jsdom");
  return new JSDOM("").window.document;
}
