// The one script of a report: its still pictures of the members in the plane become canvases with all members, to look at closely, point at and select.
// Bundled into a text, which the page's policy names by its hash; it loads nothing.
import { NOISE_COLOUR } from "../charts/palette";
import { csvLines } from "../charts/save";
import { PlaneView } from "./plane-view";
import type { PanelGroups, PanelPlane, PanelsTold } from "./panels";
import { paintThumbnails, type Thumbnails } from "./thumbnails";
import { unpacked } from "./unpacked";
import { runCooperatively, yieldWhenDue, type Cooperative } from "../../event-loop";
import { generate, mapTo } from "../../typed-arrays";

const made = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const count = (value: number): string => value.toLocaleString("en");

/** What is known of the members. */
interface Members {
  readonly told: PanelsTold;
  /** By cluster, and by class where the classes are known. */
  readonly groups: readonly Int32Array<ArrayBuffer>[];
  readonly thumbnails: Thumbnails | undefined;
  /** Place of a member's picture among those that are there. */
  readonly pictured: ReadonlyMap<number, number>;
}

/** A projection: positions, and the member at each. */
interface Points {
  readonly plane: PanelPlane;
  readonly xy: Float32Array<ArrayBuffer>;
  readonly rows: Uint32Array<ArrayBuffer>;
}

const nameOf = ({ told }: Members, row: number): string => `member ${told.ids?.[row] ?? row}`;
const groupName = ({ word, names }: PanelGroups, group: number): string =>
  group < 0 ? "noise" : `${word} ${names[group] ?? group}`;

/** Name, cluster and class of a member. */
const factsOf = (members: Members, row: number): string =>
  [nameOf(members, row), ...members.told.groups.map((group, at) => groupName(group, members.groups[at]![row]!))].join(
    ", ",
  );

/** How many of some members each group has, in words, the largest first. */
function counted(members: Members, rows: readonly number[]): string {
  const parts = members.told.groups.map((group, at) => {
    const own = members.groups[at]!;
    const counts = new Uint32Array(1 + group.names.length); // noise, then the groups
    for (const row of rows) counts[1 + own[row]!]!++;
    const order = [...counts.keys()].filter((one) => counts[one]! > 0).sort((a, b) => counts[b]! - counts[a]!);
    const words = order.slice(0, 6).map((one) => `${groupName(group, one - 1)} ${count(counts[one]!)}`);
    return `${words.join(", ")}${order.length > 6 ? ` and ${order.length - 6} more` : ""}`;
  });
  return `${count(rows.length)} ${rows.length === 1 ? "member" : "members"} selected: ${parts.join("; ")}.`;
}

/** Rows of a table that are written at a stretch. */
const PIECE = 500;

/** Members as a table, with their places in a projection: all, or those with a 1. */
function* tableOf({ told, groups }: Members, { plane, xy, rows }: Points, wanted?: Uint8Array): Cooperative<string> {
  const columns = ["member", ...(plane.axes ?? ["x", "y"]), ...told.groups.map(({ word }) => word)];
  const parts = [csvLines([columns])];
  for (let begin = 0; begin < rows.length; begin += PIECE) {
    const lines: (string | number)[][] = [];
    for (let point = begin; point < Math.min(rows.length, begin + PIECE); point++) {
      const row = rows[point]!;
      if (wanted && !wanted[row]) continue;
      const place = [xy[2 * point]!, xy[2 * point + 1]!].map((value) => Number(value.toPrecision(5)));
      const of = told.groups.map(({ word, names }, at) => {
        const group = groups[at]![row]!;
        return word === "cluster" ? group : (names[group] ?? group);
      });
      lines.push([told.ids?.[row] ?? row, ...place, ...of]);
    }
    if (lines.length > 0) parts.push(csvLines(lines));
    yield;
  }
  return parts.join("");
}

async function save(name: string, table: Cooperative<string>): Promise<void> {
  const text = await runCooperatively(table);
  const link = made("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const HINT = "Drag to move, scroll after a click to zoom, Shift and drag to select.";

/** One canvas in place of a still picture; `chosen` is told of members that are selected here. */
function panel(
  figure: HTMLElement,
  members: Members,
  points: Points,
  by: number,
  chosen: (from: PlaneView, rows: readonly number[]) => void,
): { readonly view: PlaneView; readonly select: (wanted: Uint8Array) => void } {
  const still = figure.querySelector<SVGElement>("svg")!;
  const group = members.told.groups[by]!;
  const canvas = made("canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute(
    "aria-label",
    `${figure.querySelector("figcaption")!.textContent.trim()}: ${count(points.rows.length)} points`,
  );
  const { width, height } = still.getBoundingClientRect();
  canvas.style.aspectRatio = `${width || 10} / ${height || 9}`;
  const tip = made("div", { className: "tip", hidden: true });
  let quiet = false;
  const view = new PlaneView(canvas, {
    drawn: () => undefined,
    moved: () => void (all.disabled = !view.moved),
    selected: (items) => {
      if (!quiet) chosen(view, items.map((item) => points.rows[item]!)); // prettier-ignore
    },
  });
  const button = (text: string, title: string, act: () => void): HTMLButtonElement => {
    const one = made("button", { type: "button", title }, text);
    one.addEventListener("click", act);
    return one;
  };
  const all = button("All", "Show all members", () => view.fit());
  all.disabled = true;
  const lasso = button("Select", "Draw a line around members", () => {
    view.selecting = !view.selecting;
    lasso.setAttribute("aria-pressed", String(view.selecting));
    canvas.classList.toggle("selecting", view.selecting);
  });
  const tools = made(
    "div",
    { className: "tools" },
    button("+", "Nearer", () => view.zoom(1.4)),
    button("\u2212", "Farther", () => view.zoom(1 / 1.4)),
    ...[all, lasso],
    made("span", {}, HINT),
  );
  const axes = points.plane.axes;
  still.style.display = "none";
  still.after(
    made("div", { className: "live" }, canvas, tip),
    ...(axes ? [made("p", { className: "axes" }, `Across: ${axes[0]}. Upwards: ${axes[1]}.`)] : []),
    tools,
  );
  const groups = mapTo(Int32Array, points.rows, (row) => members.groups[by]![row]!);
  view.show(
    {
      ...{ xy: points.xy, groups, names: points.plane.words[by]! },
      colour: (one) => (one < 0 ? NOISE_COLOUR : group.colours[one]!),
    },
    { jump: true },
  );
  const pictured = (point: number): boolean => members.pictured.has(points.rows[point]!);
  canvas.addEventListener("pointermove", (event) => {
    const point = event.buttons === 0 ? view.itemAt(event, members.thumbnails && pictured) : -1;
    view.pick(point);
    tip.hidden = point < 0;
    if (point < 0) return;
    const row = points.rows[point]!;
    tip.replaceChildren();
    const picture = members.pictured.get(row);
    if (members.thumbnails && picture !== undefined) {
      const small = made("canvas");
      paintThumbnails(small, members.thumbnails, [picture], 1);
      tip.append(small);
    }
    tip.append(made("span", {}, factsOf(members, row)));
    const right = event.offsetX > canvas.clientWidth / 2;
    tip.style.transform = right ? "translate(-100%, 0)" : "";
    tip.style.left = `${event.offsetX + (right ? -12 : 12)}px`;
    tip.style.top = `${event.offsetY + 12}px`;
  });
  canvas.addEventListener("pointerleave", () => {
    tip.hidden = true;
    view.pick(-1);
  });
  return {
    view,
    select: (wanted) => {
      const items: number[] = [];
      for (let point = 0; point < points.rows.length; point++) if (wanted[points.rows[point]!]) items.push(point);
      quiet = true;
      view.select(items);
      quiet = false;
    },
  };
}

async function enliven(holder: HTMLElement): Promise<void> {
  const { told: said, array } = await unpacked(holder.dataset["points"]!);
  const told = said as PanelsTold;
  const groups = told.groups.map((_, at) => array(`groups${at}`, "i32")!);
  const pixels = array("pictures", "u8");
  const members: Members = {
    ...{ told, groups, thumbnails: told.pictures && pixels ? { ...told.pictures, pixels } : undefined },
    pictured: new Map(Array.from(array("pictured", "u32") ?? [], (row, at) => [row, at])),
  };
  const projections = told.planes.map((plane, at): Points => {
    const steps = array(`xy${at}`, "u16")!;
    const xy = mapTo(Float32Array, steps, (step, i) => plane.corner[i % 2]! + step * plane.step);
    return { plane, xy, rows: array(`rows${at}`, "u32") ?? generate(Uint32Array, xy.length / 2, (row) => row) };
  });
  const selection = made("p", { className: "note selection", hidden: true });
  selection.setAttribute("aria-live", "polite");
  const panels: ReturnType<typeof panel>[] = [];
  const chosen = (from: PlaneView, rows: readonly number[]): void => {
    const wanted = new Uint8Array(groups[0]!.length);
    for (const row of rows) wanted[row] = 1;
    for (const { view, select } of panels) if (view !== from) select(wanted);
    selection.hidden = rows.length === 0;
    const link = made("button", { type: "button" }, "Save them as CSV");
    link.addEventListener("click", () => void save("selected-members.csv", tableOf(members, projections[0]!, wanted)));
    selection.replaceChildren(`${counted(members, rows)} `, link);
  };
  for (const figure of holder.parentElement!.querySelectorAll<HTMLElement>("figure[data-panel]")) {
    const [at, by] = figure.dataset["panel"]!.split(" ").map(Number) as [number, number];
    await yieldWhenDue();
    panels.push(panel(figure, members, projections[at]!, by, chosen));
  }
  holder.before(selection);
  for (const link of holder.parentElement!.querySelectorAll<HTMLAnchorElement>("a[data-plane]"))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      void save(link.download, tableOf(members, projections[Number(link.dataset["plane"])]!));
    });
}

for (const holder of document.querySelectorAll<HTMLElement>("[data-points]")) void enliven(holder);
