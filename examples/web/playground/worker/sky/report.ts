// The report of a cube as a file: all but its charts is drawn here, these by the page, which has a document.
import { renderDrawnCube, type DrawnCube, type DrawnPart } from "constella/report";

/** Who waits for the charts. */
let waiting: ((texts: readonly string[]) => void) | undefined;

/** The charts that the page has drawn. */
export function chartsDrawn(texts: readonly string[]): void {
  waiting?.(texts);
  waiting = undefined;
}

/** The HTML file of a drawn cube. @param ask has the page draw charts */
export async function reportFile(
  { sections, ...head }: DrawnCube,
  ask: (charts: readonly DrawnPart[]) => void,
): Promise<string> {
  const charts = sections.flatMap(({ parts }) => parts.filter((part) => !("text" in part)));
  const texts = await new Promise<readonly string[]>((resolve) => {
    waiting = resolve;
    ask(charts);
  });
  const textOf = (part: DrawnPart): DrawnPart => ("text" in part ? part : { text: texts[charts.indexOf(part)]! });
  return renderDrawnCube({ ...head, sections: sections.map((one) => ({ ...one, parts: one.parts.map(textOf) })) });
}
