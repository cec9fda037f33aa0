// The image of a cube: its canvas, what lies at a place, and its controls.
import type { DrawnPart } from "constella/report";
import { regionInWords, SHOWN_IN_WORDS } from "./messages";
import type { Answer, Region, Request, SkyFrame, SkyPicture, SkyTile } from "./protocol";
import { SkyView, type SkyLayer } from "./view/sky-view";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

const HINT =
  "Click at a place for its spectrum; drag to move, + and − or Ctrl with the wheel to look closer, Enter picks the middle.";

type Charts = Promise<typeof import("./view/charts")>;

/** What the page shows of a cube beside what it shows of any data. */
export class SkyPanel {
  readonly view: SkyView;
  readonly #ask: (request: Request) => void;
  readonly #charts: Charts;
  readonly #layer = element<HTMLSelectElement>("layer");
  #words = "";
  #picked: readonly [number, number] | undefined;

  /** @param moved called when another part is seen */
  constructor(ask: (request: Request) => void, charts: Charts, moved: () => void) {
    [this.#ask, this.#charts] = [ask, charts];
    this.view = new SkyView(element("sky"), {
      moved,
      picked: (x, y) => this.#pick(x, y),
      wanted: (box, most) => ask({ type: "tile", box, most }),
    });
    this.#layer.addEventListener("change", () => this.#show(this.#layer.value as SkyLayer));
    element("region-end").addEventListener("click", () => this.#end());
  }

  /** What the pointer may do, and what the colours are. */
  hint(frame: SkyFrame | undefined): string {
    return `${frame ? SHOWN_IN_WORDS[frame.shows] : ""}${HINT}`;
  }

  /** Takes over a cube; hides what is of cubes for other data. */
  data(sky: Extract<Answer, { type: "data" }>["sky"]): void {
    for (const own of document.querySelectorAll<HTMLElement>("[data-of]"))
      own.hidden = (own.dataset["of"] === "cube") !== (sky !== undefined);
    this.#end();
    if (!sky) return;
    this.#words = sky.words;
    this.view.open(sky.picture, sky.box);
    this.#label("");
  }

  /** What a field was cut into; nothing when another begins. */
  objects(outlines: SkyPicture | undefined): void {
    this.view.outlines = outlines;
    const shows = this.#layer.value === "objects";
    if (shows !== (outlines !== undefined)) this.#show(outlines ? "objects" : "both");
  }

  /** Looks at a pixel of the image. */
  go(x: number, y: number): void {
    element("sky").scrollIntoView({ block: "nearest" });
    this.view.show(x, y);
    this.#pick(x, y);
  }

  /** How the clustering stands; nothing when another begins. */
  frame(frame: SkyFrame | undefined, clusters = 0): void {
    this.view.clusters = frame?.picture;
    this.#label(frame?.shows === "clusters" ? `, ${clusters} clusters over it` : "");
    if (!frame) this.#end();
    else if (frame.shows === "clusters" && this.#picked) this.#ask(this.#request(this.#picked));
  }

  tile(tile: SkyTile): void {
    this.view.tile = tile;
  }

  /** Says what lies at the place that was asked for. */
  async region(region: Region): Promise<void> {
    const { spectraOf } = await this.#charts;
    const { border, stamp } = region;
    if (this.#picked?.join() !== [region.x, region.y].join()) {
      for (const picture of [border, stamp]) picture?.bitmap.close();
      return;
    }
    this.view.border = border;
    const canvas = element<HTMLCanvasElement>("region-stamp");
    canvas.hidden = stamp === undefined;
    if (stamp) {
      [canvas.width, canvas.height] = [stamp.bitmap.width, stamp.bitmap.height];
      canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(stamp.bitmap);
      canvas.setAttribute("aria-label", `Object ${region.object!.number}, ${stamp.width} × ${stamp.height} pixels`);
    }
    element("region").hidden = false;
    element("region-text").textContent = regionInWords(region);
    element("region-spectra").innerHTML = spectraOf(region);
  }

  /** Draws charts of a report that the worker makes. */
  async draw(parts: readonly DrawnPart[]): Promise<void> {
    const { chartsOfReport } = await this.#charts;
    this.#ask({ type: "charts", texts: await chartsOfReport(parts) });
  }

  #show(layer: SkyLayer): void {
    this.#layer.value = this.view.layer = layer;
  }

  #pick(x: number, y: number): void {
    this.#picked = [x, y];
    this.#ask(this.#request([x, y]));
  }

  #request = ([x, y]: readonly [number, number]): Request => ({ type: "region", x, y });

  #end(): void {
    this.#picked = undefined;
    this.view.border = undefined;
    element("region").hidden = true;
    element("region-spectra").replaceChildren();
  }

  #label(clusters: string): void {
    element("sky").setAttribute("aria-label", `The image, ${this.#words}${clusters}`);
  }
}
