// The bench's page: what to measure, the results as they come, and the comparison of two runs.
import { version } from "../../../package.json";
import { showFigures } from "../shared/figures";
import type { BenchAnswer, BenchRequest, BenchRow, BenchRun, Roof } from "./protocol";
import { diffTable, parseRun, resultsTable } from "./tables";
import { parseSizes, sizesAt, sizesText, type Scale } from "./workload";
import { WORKLOADS } from "./workloads";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [form, list] = [element<HTMLFormElement>("form"), element("workloads")];
const [device, scale] = [element<HTMLSelectElement>("device"), element<HTMLSelectElement>("scale")];
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const [copy, save] = [element<HTMLButtonElement>("copy"), element<HTMLButtonElement>("save")];

let worker: Worker | undefined;
let run: { device: string; roof?: Roof; rows: BenchRow[] } = { device: "", rows: [] };

const inputs = WORKLOADS.map((workload) => {
  const item = document.createElement("li");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
  const label = document.createElement("label");
  label.append(box, workload.name);
  const sizes = Object.assign(document.createElement("input"), { type: "text", spellcheck: false });
  sizes.setAttribute("aria-label", `Sizes of ${workload.name}`);
  item.append(label, sizes);
  list.append(item);
  return { workload, box, sizes };
});

function showSizes(): void {
  for (const { workload, sizes } of inputs) sizes.value = sizesText(sizesAt(workload, scale.value as Scale));
}

function complain(message: string | undefined, id = "error"): void {
  element(id).hidden = message === undefined;
  element(id).textContent = message ?? "";
}

function setRunning(running: boolean): void {
  document.documentElement.dataset["state"] = running ? "running" : run.rows.length > 0 ? "done" : "ready";
  start.disabled = running;
  stop.disabled = !running;
  copy.disabled = save.disabled = running || run.rows.length === 0;
}

function finished(): BenchRun {
  const { device: name, roof, rows } = run;
  const date = new Date().toISOString();
  return { constella: version, date, browser: navigator.userAgent, device: name, roof: roof!, rows };
}

let due = false;
function showRows(): void {
  if (due) return;
  due = true;
  setTimeout(() => {
    due = false;
    const table = element("table");
    table.hidden = run.rows.length === 0;
    table.innerHTML = resultsTable(run.rows, run.roof);
  }, 200);
}

function showRoof({ gflops, gbytes }: Roof): void {
  showFigures(element("roof"), [
    [gflops.toFixed(gflops < 10 ? 2 : 0), "GFLOP/s at most"],
    [gbytes.toFixed(gbytes < 10 ? 2 : 0), "GB/s at most"],
  ]);
}

async function showChart(): Promise<void> {
  if (!run.roof || !run.rows.some(({ timing }) => timing)) return;
  const { roofChart } = await import("./chart");
  element("chart").innerHTML = roofChart(run.rows, run.roof, element("chart").clientWidth);
}

function end(text: string): void {
  worker?.terminate();
  worker = undefined;
  element<HTMLProgressElement>("progress").value = 1;
  element("status").textContent = text;
  setRunning(false);
  showRows();
  void showChart();
  showDiff();
}

function onAnswer(answer: BenchAnswer): void {
  switch (answer.type) {
    case "device":
      run.device = answer.description;
      element("device-text").textContent = `${answer.description}. Results are held against: ${answer.against}.`;
      break;
    case "roof":
      run.roof = answer.roof;
      showRoof(answer.roof);
      break;
    case "at":
      element("status").textContent = `${answer.text} …`;
      element<HTMLProgressElement>("progress").value = answer.share;
      break;
    case "row":
      run.rows.push(answer.row);
      showRows();
      break;
    case "done": {
      const kernels = new Set(run.rows.filter(({ timing }) => timing).map(({ kernel }) => kernel)).size;
      const failures = run.rows.filter(({ error }) => error !== undefined).length;
      end(`${kernels} kernels timed${failures > 0 ? `, ${failures} launches not: they did not pass the check` : ""}.`);
      break;
    }
    case "error":
      complain(answer.message);
      end("Ended by an error.");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  complain(undefined);
  let work: BenchRequest["work"];
  try {
    const chosen = inputs.filter(({ box }) => box.checked);
    if (chosen.length === 0) throw new Error("Choose at least one workload.");
    work = chosen.map(({ workload, sizes }) => ({ name: workload.name, sizes: parseSizes(workload, sizes.value) }));
  } catch (error) {
    return complain((error as Error).message);
  }
  run = { device: "", rows: [] };
  for (const id of ["roof", "chart", "table"]) element(id).replaceChildren();
  element("status").textContent = "Compiling the kernels …";
  worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<BenchAnswer>) => onAnswer(data);
  worker.onerror = ({ message }) => onAnswer({ type: "error", message });
  worker.postMessage({ device: device.value as BenchRequest["device"], work } satisfies BenchRequest);
  setRunning(true);
});
stop.addEventListener("click", () => end("Stopped."));
scale.addEventListener("change", showSizes);
for (const [id, checked] of [
  ["all", true],
  ["none", false],
] as const)
  element(id).addEventListener("click", () => inputs.forEach(({ box }) => (box.checked = checked)));

const text = (): string => `${JSON.stringify(finished(), null, 2)}\n`;
copy.addEventListener("click", () => {
  void navigator.clipboard.writeText(text()).then(
    () => (element("status").textContent = "Copied."),
    () => complain("The browser does not allow copying here; download the file instead."),
  );
});
save.addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text()], { type: "application/json" }));
  link.download = `constella-bench-${device.value}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

const chosen: { before?: BenchRun; after?: BenchRun } = {};
function showDiff(): void {
  const before = chosen.before ?? (run.rows.length > 0 && run.roof ? finished() : undefined);
  const diff = element("diff");
  diff.hidden = !before || !chosen.after;
  if (before && chosen.after) diff.innerHTML = diffTable(before, chosen.after);
}
for (const id of ["before", "after"] as const)
  element<HTMLInputElement>(id).addEventListener("change", async (event) => {
    const file = (event.target as HTMLInputElement).files?.[0];
    delete chosen[id];
    complain(undefined, "diff-error");
    try {
      if (file) chosen[id] = parseRun(await file.text(), file.name);
    } catch (error) {
      complain((error as Error).message, "diff-error");
    }
    showDiff();
  });

device.value = navigator.gpu ? "webgpu" : "wasm";
showSizes();
setRunning(false);
