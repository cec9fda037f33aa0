// The playground's page: a form, a picture, charts and downloads around the worker that computes.
import { addressed, choose, keepInAddress } from "./address";
import { saveFile } from "./files";
import { changedFields, fillFields, showFields, readFields } from "./form";
import { ChartsPanel } from "./charts-panel";
import { loadMethod } from "constella/methods";
import { clusters, KEPT_FIELDS, LEARNED, loadForm, segmentsField, splitValues, TITLES, type Field } from "./methods";
import { Intake } from "./intake";
import { complain, dataInWords, forget } from "./messages";
import { NetworkPanel } from "./network-panel";
import { forgetPredicted, showPredicted } from "./new-items";
import { ObjectsPanel } from "./objects-panel";
import { PicturePanel } from "./picture-panel";
import { SkyPanel } from "./sky-panel";
import { showMeasures } from "./view/measures";
import type { PlaneView } from "constella/report";
import type {
  Answer,
  DataSummary,
  DeviceName,
  Download,
  FieldObjects,
  Frame,
  Plane,
  Request,
  RunState,
  Scale,
} from "./protocol";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const form = element<HTMLFormElement>("settings");
const method = element<HTMLSelectElement>("method");
const scale = element<HTMLSelectElement>("scale");
const device = element<HTMLSelectElement>("device");
const view = element<HTMLSelectElement>("view");
const colour = element<HTMLSelectElement>("colour");
const items = element<HTMLSelectElement>("items");
const start = element<HTMLButtonElement>("start");
const stop = element<HTMLButtonElement>("stop");
const resume = element<HTMLButtonElement>("resume");
const [progress, status] = [element<HTMLProgressElement>("progress"), element("status")];
const canvas = element<HTMLCanvasElement>("plane");
const predict = element<HTMLInputElement>("predict");

const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
const ask = (request: Request, transfer: Transferable[] = []): void => worker.postMessage(request, transfer);

let summary: DataSummary | undefined;
let plane: Plane | undefined;
let frame: Frame | undefined;
let state: RunState | "empty" | "ready" = "empty";

// Plot and the report are large and not needed for the first picture
const charts = new Promise<void>((resolve) => setTimeout(resolve, 50)).then(() => import("./view/charts"));

/** Whether the image of a cube is seen, not its items in the plane. */
const seesSky = (): boolean => view.value === "sky";
const showMoved = (): void => void (element<HTMLButtonElement>("fit").disabled = !seen().moved);

const picture = new PicturePanel(() => ({ plane, frame, summary, seen: !seesSky(), state }), {
  moved: () => showMoved(),
  wanted: () => {
    if (seesSky()) view.value = "data";
    showView();
  },
  drawing: () => {
    setState(state);
    if (!picture.view.drawing) showPicture(true);
  },
  layout: (name) => ask({ type: "layout", name }),
  finished: (xy) => {
    intake.sample = "";
    ask({ type: "points", xy });
  },
});
const sky = new SkyPanel(ask, charts, showMoved);
const results = new ChartsPanel(charts, () => ({ plane, frame, running: state === "running" }));
const network = new NetworkPanel(ask);
const objects = new ObjectsPanel(ask, (x, y) => {
  view.value = "sky";
  showPicture();
  sky.go(x, y);
});
/** What is looked at. */
const seen = (): PlaneView | SkyPanel["view"] => (seesSky() ? sky.view : picture.view);

/** Fields of the method that is chosen. */
let fields: readonly Field[] = [];
/** Whether the run that is there has a model to keep. */
let savable = false;

const intake = new Intake(ask, () => (status.textContent = "Reading …"));

/** Keeps in the address what was chosen. */
function remember(): void {
  keepInAddress({
    ...(intake.sample && { data: intake.sample }),
    ...{ method: method.value, scale: scale.value },
    ...(device.value !== "auto" && { device: device.value }),
    ...(view.value !== "embedding" && { view: view.value }),
    ...(colour.value !== "cluster" && { colour: colour.value }),
    ...(items.value !== "dots" && { items: items.value }),
    ...changedFields(form, fields),
  });
}

function setState(next: typeof state): void {
  state = next;
  document.documentElement.dataset["state"] = next;
  start.disabled = next === "empty" || next === "running" || picture.view.drawing;
  stop.disabled = next !== "running";
  resume.disabled = next !== "stopped";
  const ended = next === "done" || next === "stopped";
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-save]"))
    button.disabled = !ended || (button.dataset["save"] === "model" && !savable);
  predict.disabled = !ended;
  if (next === "running") picture.begins();
}

/** Shows the controls of what is looked at. */
function showView(): void {
  const isSky = seesSky();
  element("sky").hidden = element("layer-field").hidden = !isSky;
  canvas.hidden = element("colour-field").hidden = element("select").hidden = isSky;
  element("items-field").hidden = isSky || !plane?.thumbnails;
  if (!isSky || !summary) element("region").hidden = true;
  showMoved();
}

function showPicture(jump = false): void {
  if (!plane) return;
  showView();
  picture.show(jump);
  if (seesSky()) element("hint").textContent = sky.hint(frame?.sky);
}

function onData(answer: Extract<Answer, { type: "data" }>): void {
  const before = summary?.kind;
  ({ summary, plane } = answer);
  frame = undefined;
  element("summary").textContent = dataInWords(summary);
  scale.value = answer.scale;
  if (summary.method) method.value = summary.method;
  else if (summary.kind !== before) method.value = { images: "dec", cube: "som" }[summary.kind as string] ?? "kmeans";
  intake.show(summary);
  sky.data(answer.sky);
  showObjects(undefined);
  if (answer.sky) view.value = "sky";
  else if (seesSky()) view.value = "embedding";
  const truth = colour.querySelector<HTMLOptionElement>('[value="truth"]')!;
  truth.disabled = !summary.classes;
  if (truth.disabled && colour.value === "truth") colour.value = "cluster";
  picture.data();
  results.clear();
  network.show(undefined);
  progress.value = 0;
  status.textContent = "Ready.";
  forgetPredicted();
  forget("data", "run", "save", "predict");
  const first = opening;
  opening = undefined;
  if (first)
    for (const [name, control] of Object.entries({ method, scale, view, colour, items }))
      choose(control, first.get(name));
  picture.items();
  void showMethod().then(() => {
    if (first) fillFields(form, fields, first);
    setState("ready");
    if (first)
      form.requestSubmit(); // what the page opens with runs by itself
    else remember();
  });
  showPicture(true);
}

/** What a field was cut into, in the image and as a table. */
function showObjects(found: FieldObjects | undefined): void {
  sky.objects(found?.outlines);
  objects.show(found);
}

/** Shows the form of the method that is chosen, once it is loaded. */
async function showMethod(): Promise<void> {
  const name = method.value;
  const form = await loadForm(name);
  if (method.value !== name) return; // another one was chosen meanwhile
  element("method-summary").textContent = form.summary;
  if (!summary) return;
  const kept = new URLSearchParams(
    Object.entries(changedFields(element("settings"), fields)).filter(([name]) => KEPT_FIELDS.includes(name)),
  );
  fields = form.fieldsFor(summary);
  element("scale-field").hidden = segmentsField(fields); // a field is taken as it is
  showFields(fields, element("fields"), element("more-fields"));
  fillFields(element("settings"), fields, kept);
}

worker.onmessage = ({ data: answer }: MessageEvent<Answer>): void => {
  switch (answer.type) {
    case "device":
      element("device-description").textContent = answer.later
        ? `${answer.description} From the next run on; this one stays where it is.`
        : answer.description;
      break;
    case "data":
      onData(answer);
      break;
    case "reading":
      progress.value = answer.share;
      break;
    case "plane":
      ({ plane, frame } = answer);
      picture.items();
      showPicture(!frame);
      results.show();
      break;
    case "region":
      void sky.region(answer.region);
      break;
    case "tile":
      sky.tile(answer.tile);
      break;
    case "layout":
      picture.layout(answer);
      break;
    case "frame":
      frame = answer.frame;
      sky.frame(frame.sky, frame.sizes.filter((size) => size > 0).length);
      showPicture();
      showMeasures(frame);
      results.show();
      break;
    case "objects":
      showObjects(answer.objects);
      break;
    case "network":
      network.show(answer.network);
      break;
    case "traversed":
      network.decoded(answer.picture);
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
      showPicture(); // of a run that is done there may be more to see
      results.show();
      break;
    case "file":
      saveFile(answer.name, answer.mime, answer.bytes);
      break;
    case "report":
      void charts.then(({ saveReport }) => saveReport(answer.run));
      break;
    case "charts":
      void sky.draw(answer.parts);
      break;
    case "warning":
      complain("run", answer.message);
      break;
    case "predicted":
      showPredicted(answer);
      break;
    case "error":
      complain(answer.about, answer.message);
      if (answer.about === "run") {
        setState(summary ? "ready" : "empty");
        showPicture(); // what it says of the run is past
      }
      if (answer.about === "view") picture.layoutFailed();
      if (answer.about === "predict") forgetPredicted();
      if (answer.about === "data") status.textContent = summary ? "Ready." : "";
  }
};
worker.onerror = (event) => complain("run", `The worker ended: ${event.message}. Load the page again.`);

for (const [name, title] of Object.entries(TITLES)) method.append(new Option(title, name));
// what cannot be run here leaves the list when its method is loaded, after the first picture
for (const name of Object.keys(TITLES))
  if (name !== LEARNED)
    void charts
      .then(() => loadMethod(name))
      .then((loaded) => clusters(loaded) || method.querySelector(`option[value="${name}"]`)?.remove());
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-save]"))
  button.addEventListener("click", () => {
    forget("save");
    ask({ type: "save", what: button.dataset["save"] as Download });
  });
method.addEventListener("change", () => void showMethod().then(remember));
device.addEventListener("change", () => ask({ type: "device", device: device.value as DeviceName }));
view.addEventListener("change", () => showPicture());
colour.addEventListener("change", () => showPicture());
for (const control of [form, view, colour, items]) control.addEventListener("change", remember);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  forget("run", "save", "predict");
  const values = readFields(form, fields);
  if (!values) return;
  remember();
  if (event.isTrusted && innerWidth <= 860) canvas.scrollIntoView({ block: "center" }); // on a phone the picture is below the form
  frame = undefined;
  results.clear();
  sky.frame(undefined);
  showObjects(undefined);
  network.show(undefined);
  const split = splitValues(values, summary!.kind, fields);
  ask({ type: "start", method: method.value, scale: scale.value as Scale, ...split });
});
element("nearer").addEventListener("click", () => seen().zoom(1.4));
element("farther").addEventListener("click", () => seen().zoom(1 / 1.4));
element("fit").addEventListener("click", () => seen().fit());
stop.addEventListener("click", () => ask({ type: "stop" }));
resume.addEventListener("click", () => ask({ type: "resume" }));
/** What the address says when the page opens; until the first data are there. */
let opening: URLSearchParams | undefined = addressed();
choose(device, opening.get("device"));
setState("empty");
ask({ type: "device", device: device.value as DeviceName });
const asked = opening.get("data");
intake.take(document.querySelector(`[data-sample="${CSS.escape(asked ?? "")}"]`) ? asked! : "blobs");
