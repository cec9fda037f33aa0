// The charts and the members below the picture, drawn less often than frames come.
import { membersShown } from "./view/members";
import type { Frame, Plane } from "./protocol";

const element = (id: string): HTMLElement => document.getElementById(id)!;

/** How things stand. */
export interface Charted {
  readonly plane: Plane | undefined;
  readonly frame: Frame | undefined;
  readonly running: boolean;
}

/** Measures, charts and members of the last frame. */
export class ChartsPanel {
  readonly #charts: Promise<typeof import("./view/charts")>;
  readonly #of: () => Charted;
  #isDue = false;

  /** @param charts what draws them, loaded after the page @param of how things stand */
  constructor(charts: Promise<typeof import("./view/charts")>, of: () => Charted) {
    [this.#charts, this.#of] = [charts, of];
  }

  /** Draws them soon, while a run goes on only now and then. */
  show(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    void this.#draw();
  }

  /** Takes away what is told of a run, or of data, that is past. */
  clear(): void {
    for (const id of ["charts", "measures", "members"]) element(id).replaceChildren();
    element("members-section").hidden = true;
  }

  async #draw(): Promise<void> {
    const { chartsOf } = await this.#charts;
    await new Promise((resolve) => setTimeout(resolve, this.#of().running ? 400 : 0));
    this.#isDue = false;
    const { plane, frame } = this.#of();
    if (!frame || !plane) return;
    const past = (): boolean => this.#of().plane !== plane || !this.#of().frame; // other data, or another run
    const text = await chartsOf(frame, frame.confidenceOf ?? "margin");
    if (past()) return;
    element("charts").innerHTML = text;
    const members = await membersShown(plane, frame);
    if (past()) return;
    element("members-section").hidden = members.length === 0;
    element("members").replaceChildren(...members);
  }
}
