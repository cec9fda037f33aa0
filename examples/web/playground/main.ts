// The playground's page: a form, a picture, charts and downloads around the worker that computes.
import { showFields, readFields } from "./form";
import { showMembers, showThumbnail } from "./members";
import { loadMethod } from "constella/methods";
import { clusters, LEARNED, loadForm, TITLES, type Field } from "./methods";
import { PlaneView } from "./plane-view";
import type { Answer, DataSummary, DeviceName, Download, Frame, Plane, Request, RunState, Scale } from "./protocol";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [form, files, drop] = [element<HTMLFormElement>("settings"), element<HTMLInputElement>("files"), element("drop")];
const [method, scale, device] = ["method", "scale", "device"].map((id) => element<HTMLSelectElement>(id)) as [
  HTMLSelectElement,
  HTMLSelectElement,
  HTMLSelectElement,
];
const [view, colour] = [element<HTMLSelectElement>("view"), element<HTMLSelectElement>("colour")];
const [start, stop, resume] = ["start", "stop", "resume"].map((id) => element<HTMLButtonElement>(id)) as [
  HTMLButtonElement,
  HTMLButtonElement,
  HTMLButtonElement,
];
const [progress, status, error] = [element<HTMLProgressElement>("progress"), element("status"), element("error")];
const [canvas, hint, tip] = [element<HTMLCanvasElement>("plane"), element("hint"), element("tip")];
const draw = element<HTMLButtonElement>("draw");

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const ask = (request: Request, transfer: Transferable[] = []): void => worker.postMessage(request, transfer);

let summary: DataSummary | undefined;
let plane: Plane | undefined;
let frame: Frame | undefined;
let state: RunState | "empty" | "ready" = "empty";

// Plot and the report are large and not needed for the first picture
const charts = new Promise<void>((resolve) => setTimeout(resolve, 50)).then(() => import("./charts"));

const picture = new PlaneView(canvas, (count) => {
  element<HTMLButtonElement>("finish").disabled = count < 2;
  hint.textContent = count === 0 ? DRAWING_HINT : `${count.toLocaleString("en")} points`;
});
const DRAWING_HINT = "Draw with the pointer; or move with the arrow keys and draw with the space bar.";

/** Fields of the method that is chosen. */
let fields: readonly Field[] = [];
/** Whether the run that is there has a model to keep. */
let savable = false;

function complain(message: string | undefined): void {
  error.hidden = message === undefined;
  error.textContent = message ?? "";
}

function setState(next: typeof state): void {
  state = next;
  document.documentElement.dataset["state"] = next;
  start.disabled = next === "empty" || next === "running" || picture.drawing;
  stop.disabled = next !== "running";
  resume.disabled = next !== "stopped";
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-save]"))
    button.disabled = (next !== "done" && next !== "stopped") || (button.dataset["save"] === "model" && !savable);
}

function showPicture(jump = false): void {
  if (!plane) return;
  const moved = view.value === "embedding" ? frame?.xy : undefined;
  const groups = colour.value === "truth" ? plane.truth : frame?.labels;
  const shares = colour.value === "confidence" ? frame?.confidence : undefined;
  const centers = colour.value === "cluster" && (moved || !frame?.xy) ? frame?.centers : undefined;
  picture.show(
    { xy: moved ?? plane.xy, ...(groups && { groups }), ...(shares && { shares }), ...(centers && { centers }) },
    { jump },
  );
  const what = moved ? "The embedding" : "The data";
  const clusters = frame?.labels ? `, ${frame.sizes.filter((size) => size > 0).length} clusters` : "";
  canvas.setAttribute("aria-label", `${what} in the plane: ${plane.rows.length} items${clusters}`);
}

/** What is drawn less often than frames come. */
let chartsDue: Promise<void> | undefined;
function showCharts(): void {
  chartsDue ??= (async () => {
    const { chartsOf } = await charts;
    await new Promise((resolve) => setTimeout(resolve, state === "running" ? 400 : 0));
    chartsDue = undefined;
    if (!frame || !plane) return;
    element("charts").innerHTML = chartsOf(frame, frame.confidenceOf ?? "margin");
    const section = element("members-section");
    section.hidden = !showMembers(element("members"), plane, frame);
  })();
}

function showMeasures({ measures, sizes, noise, labels }: Frame): void {
  const found = sizes.filter((size) => size > 0).length;
  const entries: [string, string][] = labels ? [["clusters", String(found)]] : [];
  if (noise > 0) entries.push(["noise", noise.toLocaleString("en")]);
  const names: Record<string, string> = { ACC: "accuracy", NMI: "NMI", ARI: "adjusted Rand index" };
  for (const [name, value] of Object.entries(measures)) entries.push([names[name] ?? name, value.toFixed(3)]);
  element("measures").replaceChildren(
    ...entries.map(([name, value]) => {
      const card = document.createElement("div");
      card.append(
        Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: value }),
      );
      return card;
    }),
  );
}

function describe({ name, kind, n, itemShape, classes, notes }: DataSummary): string {
  const items = {
    points: "points",
    table: `rows of ${itemShape.join(" × ")} values`,
    images: `pictures, ${itemShape.join(" × ")}`,
  };
  const known = classes ? ` ${classes.length} known classes.` : "";
  return `${name}: ${n.toLocaleString("en")} ${items[kind]}.${known} ${notes.join(" ")}`.trim();
}

function onData(answer: Extract<Answer, { type: "data" }>): void {
  const before = summary?.kind;
  ({ summary, plane } = answer);
  frame = undefined;
  element("summary").textContent = describe(summary);
  scale.value = answer.scale;
  if (summary.kind !== before) method.value = summary.kind === "images" ? "dec" : "kmeans";
  const truth = colour.querySelector<HTMLOptionElement>('[value="truth"]')!;
  truth.disabled = !summary.classes;
  if (truth.disabled && colour.value === "truth") colour.value = "cluster";
  picture.drawing = false;
  draw.setAttribute("aria-pressed", "false");
  element("brush").hidden = true;
  hint.textContent = "Point at an item to see it.";
  for (const id of ["charts", "measures", "members"]) element(id).replaceChildren();
  element("members-section").hidden = true;
  progress.value = 0;
  status.textContent = "Ready.";
  complain(undefined);
  void showMethod().then(() => setState("ready"));
  showPicture(true);
}

/** Shows the form of the method that is chosen, once it is loaded. */
async function showMethod(): Promise<void> {
  const name = method.value;
  const form = await loadForm(name);
  if (method.value !== name) return; // another one was chosen meanwhile
  element("method-summary").textContent = form.summary;
  if (!summary) return;
  fields = form.fieldsFor(summary);
  showFields(fields, element("fields"), element("more-fields"));
}

function save(name: string, mime: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: mime }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

worker.onmessage = ({ data: answer }: MessageEvent<Answer>): void => {
  switch (answer.type) {
    case "device":
      element("device-description").textContent = answer.description;
      break;
    case "data":
      onData(answer);
      break;
    case "frame":
      frame = answer.frame;
      showPicture();
      showMeasures(frame);
      showCharts();
      break;
    case "progress":
      progress.value = answer.share;
      status.textContent =
        answer.text.charAt(0).toUpperCase() +
        answer.text.slice(1) +
        (answer.loss === undefined ? "" : `, loss ${answer.loss.toPrecision(4)}`);
      break;
    case "state":
      status.textContent = answer.text;
      if (answer.state === "done") progress.value = 1;
      ({ savable } = answer);
      setState(answer.state);
      showCharts();
      break;
    case "file":
      save(answer.name, answer.mime, answer.bytes);
      break;
    case "report":
      void charts
        .then(({ reportOf }) => reportOf(answer.run))
        .then((text) => save(`${answer.run.title.replace(/[^\w]+/g, "-")}.html`, "text/html", text));
      break;
    case "warning":
      complain(answer.message);
      break;
    case "error":
      complain(answer.message);
      setState(summary ? "ready" : "empty");
  }
};
worker.onerror = (event) => complain(`The worker ended: ${event.message}. Load the page again.`);

async function take(list: Iterable<File>): Promise<void> {
  const chosen = [...list];
  if (chosen.length === 0) return;
  status.textContent = "Reading …";
  const read = await Promise.all(chosen.map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() })));
  ask(
    { type: "files", files: read },
    read.map(({ bytes }) => bytes),
  );
}

for (const [name, title] of Object.entries(TITLES)) method.append(new Option(title, name));
// what cannot be run here leaves the list when its method is loaded, after the first picture
for (const name of Object.keys(TITLES))
  if (name !== LEARNED)
    void charts
      .then(() => loadMethod(name))
      .then((loaded) => clusters(loaded) || method.querySelector(`option[value="${name}"]`)?.remove());
files.addEventListener("change", () => void take(files.files ?? []));
for (const area of [document.documentElement])
  for (const type of ["dragover", "dragleave", "drop"])
    area.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", type === "dragover");
      if (type === "drop") void take((event as DragEvent).dataTransfer?.files ?? []);
    });
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-sample]"))
  button.addEventListener("click", () => ask({ type: "sample", name: button.dataset["sample"]! }));
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-save]"))
  button.addEventListener("click", () => ask({ type: "save", what: button.dataset["save"] as Download }));
method.addEventListener("change", () => void showMethod());
device.addEventListener("change", () => ask({ type: "device", device: device.value as DeviceName }));
view.addEventListener("change", () => showPicture());
colour.addEventListener("change", () => showPicture());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  complain(undefined);
  if (innerWidth <= 860) canvas.scrollIntoView({ block: "center" }); // on a phone the picture is below the form
  try {
    ask({ type: "start", method: method.value, values: readFields(form, fields), scale: scale.value as Scale });
  } catch (failure) {
    complain((failure as Error).message);
  }
});
stop.addEventListener("click", () => ask({ type: "stop" }));
resume.addEventListener("click", () => ask({ type: "resume" }));
draw.addEventListener("click", () => {
  picture.drawing = !picture.drawing;
  draw.setAttribute("aria-pressed", String(picture.drawing));
  element("brush").hidden = !picture.drawing;
  setState(state);
  if (picture.drawing) {
    picture.clear();
    canvas.focus();
    canvas.setAttribute("aria-label", DRAWING_HINT);
  } else showPicture(true);
});
element("finish").addEventListener("click", () => ask({ type: "points", xy: picture.drawn }));
element("clear").addEventListener("click", () => picture.clear());
canvas.addEventListener("pointermove", (event) => {
  const item = picture.drawing ? -1 : picture.itemAt(event);
  picture.pick(item);
  tip.hidden = item < 0 || !plane;
  if (item < 0 || !plane) return;
  showThumbnail(tip, plane, item, summary, frame);
  const right = event.offsetX > canvas.clientWidth / 2;
  tip.style.transform = `translate(${right ? "-100%" : "0"}, 0)`;
  tip.style.left = `${event.offsetX + (right ? -12 : 12)}px`;
  tip.style.top = `${event.offsetY + 8}px`;
});
canvas.addEventListener("pointerleave", () => {
  picture.pick(-1);
  tip.hidden = true;
});

setState("empty");
ask({ type: "device", device: "auto" });
ask({ type: "sample", name: "blobs" });
