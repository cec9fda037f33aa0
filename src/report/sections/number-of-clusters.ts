// How many clusters, where that was searched for.
import { curves } from "../charts/curves";
import { html, type Markup } from "../page/markup";
import type { TriedNumbers } from "./run";

/** Why there are so many clusters, and the numbers that were tried. */
export const numberOfClusters = (page: Document, { reason, curve }: TriedNumbers): Markup =>
  html`<p>${reason}.</p>
    ${curves(page, [curve])}`;
