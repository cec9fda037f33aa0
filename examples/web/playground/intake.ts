// What comes in: files that are chosen or dropped, data to begin with, and what an array is taken for.
import { forget } from "./messages";
import type { DataSummary, Request, Taken } from "./protocol";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** The controls of the data, and of new items. */
export class Intake {
  /** The sample that is shown, "" for data of the user's own. */
  sample = "";
  readonly #ask: (request: Request) => void;
  readonly #begun: () => void;
  readonly #taken = element<HTMLSelectElement>("taken");
  /** Files that came last. */
  #files: readonly File[] = [];

  /** @param begun called when files are about to be read */
  constructor(ask: (request: Request) => void, begun: () => void) {
    [this.#ask, this.#begun] = [ask, begun];
    const files = element<HTMLInputElement>("files");
    const predict = element<HTMLInputElement>("predict");
    files.addEventListener("change", () => {
      this.#open(files.files ?? []);
      files.value = ""; // the same file may be chosen again, when it has changed
    });
    this.#taken.addEventListener("change", () => this.#open(this.#files, this.#taken.value as Taken));
    predict.addEventListener("change", () => {
      forget("predict");
      if (predict.files?.length) ask({ type: "predict", files: [...predict.files] });
      predict.value = "";
    });
    for (const type of ["dragover", "dragleave", "drop"])
      document.documentElement.addEventListener(type, (event) => {
        event.preventDefault();
        element("drop").classList.toggle("over", type === "dragover");
        if (type === "drop") this.#open((event as DragEvent).dataTransfer?.files ?? []);
      });
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-sample]"))
      button.addEventListener("click", () => this.take(button.dataset["sample"]!));
  }

  /** Takes a sample by its name. */
  take(sample: string): void {
    this.sample = sample;
    forget("data");
    this.#ask({ type: "sample", name: sample });
  }

  /** The choice of what an array is, where its shape leaves that open. */
  show({ taken, n, itemShape }: DataSummary): void {
    element("taken-field").hidden = taken === undefined;
    if (!taken) return;
    const count = taken === "bands" ? itemShape[0]! : n;
    const choices = [new Option(`${count} pictures`, "pictures"), new Option(`one image of ${count} bands`, "bands")];
    this.#taken.replaceChildren(...choices);
    this.#taken.value = taken;
  }

  #open(list: Iterable<File>, taken?: Taken): void {
    const files = [...list];
    if (files.length === 0) return;
    this.#files = files;
    this.sample = "";
    this.#begun();
    forget("data");
    this.#ask({ type: "files", files, ...(taken && { taken }) });
  }
}
