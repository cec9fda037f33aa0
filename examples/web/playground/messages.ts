// Messages, each beside what it is about.
import type { About } from "./protocol";

const PLACES: Readonly<Record<About, string>> = {
  ...{ data: "data-error", run: "error", save: "save-error", predict: "predict-error" },
};

/** Says what is wrong beside what it is about; or nothing any more. */
export function complain(about: About, message: string | undefined): void {
  const place = document.getElementById(PLACES[about])!;
  place.hidden = message === undefined;
  place.textContent = message ?? "";
}

/** Takes messages back. */
export const forget = (...abouts: readonly About[]): void => abouts.forEach((about) => complain(about, undefined));
