// The kernel's page: editors, the fields that the declarations ask for, and what the worker finds.
import { html } from "constella/report";
import { showFigures } from "../shared/figures";
import { EXAMPLES } from "./examples";
import { declarations } from "./op";
import type { KernelAnswer, KernelRequest, KernelSpec, SideTiming } from "./protocol";
import { typescriptOf } from "./typescript";

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const input = (id: string): HTMLInputElement => element<HTMLInputElement>(id);
const [form, example] = [element<HTMLFormElement>("form"), element<HTMLSelectElement>("example")];
const [forward, backward] = [element<HTMLTextAreaElement>("forward"), element<HTMLTextAreaElement>("backward")];
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const [status, error, verdict] = [element("status"), element("error"), element("verdict")];

/** Values of the fields by name, those that are not shown now too. */
const values: Record<string, string> = {};
let worker: Worker | undefined;
/** Whether there is an adapter; undefined while nobody knows. */
let adapter: boolean | undefined;
let running = false;

function spec(): KernelSpec {
  const side = (name: "forward" | "backward") => ({
    code: element<HTMLTextAreaElement>(name).value,
    grid: input(`${name}-grid`).value,
  });
  return {
    name: input("name").value,
    forward: side("forward"),
    ...(backward.value.trim() !== "" && { backward: side("backward") }),
    ...{ sizes: input("sizes").value, fields: { ...values }, range: input("range").value },
  };
}

function complain(message: string | undefined): void {
  error.hidden = message === undefined;
  error.textContent = message ?? "";
}

function setRunning(on: boolean): void {
  running = on;
  document.documentElement.dataset["state"] = on ? "running" : adapter === undefined ? "loading" : "ready";
  start.disabled = on || !adapter;
  stop.disabled = !on;
}

/** A field for each input, output and param that the kernels declare. */
function showFields(): void {
  const { declared } = declarations(spec());
  if (!declared) return; // it does not parse now: the fields stay
  const shapes = [...declared.inputs, declared.output];
  const params = [...declared.forward.params, ...(declared.backward?.params ?? [])].map(({ name }) => name);
  const wanted = [
    ...shapes.map((name) => ({ name, label: `Shape of ${name}` })),
    ...[...new Set(params)].map((name) => ({ name, label: `Param ${name}` })),
  ];
  const shown = [...element("fields").querySelectorAll("input")].map(({ name }) => name);
  if (shown.join() !== wanted.map(({ name }) => name).join())
    element("fields").replaceChildren(
      ...wanted.map(({ name, label }) => {
        const wrapper = Object.assign(document.createElement("div"), { className: "field" });
        const id = `field-${name}`;
        const control = Object.assign(document.createElement("input"), { type: "text", id, name, spellcheck: false });
        control.value = values[name] ??= "";
        control.addEventListener("input", () => (values[name] = control.value));
        wrapper.append(Object.assign(document.createElement("label"), { htmlFor: id, textContent: label }), control);
        return wrapper;
      }),
    );
  element("code").textContent = typescriptOf(spec(), declared);
}

function load(name: string): void {
  const chosen = EXAMPLES[name]!;
  input("name").value = chosen.name;
  input("sizes").value = chosen.sizes;
  input("range").value = chosen.range;
  forward.value = chosen.forward.code;
  input("forward-grid").value = chosen.forward.grid;
  backward.value = chosen.backward?.code ?? "";
  input("backward-grid").value = chosen.backward?.grid ?? "";
  for (const key of Object.keys(values)) delete values[key];
  Object.assign(values, chosen.fields);
  element("fields").replaceChildren();
  forget();
  showFields();
  ask("compile");
}

function forget(): void {
  verdict.textContent = "Not checked yet.";
  verdict.className = "verdict";
  element("gradients").hidden = true;
  element("timings").replaceChildren();
  element("clock").textContent = "";
  complain(undefined);
}

function ask(type: KernelRequest["type"]): void {
  worker ??= makeWorker();
  worker.postMessage({ type, spec: spec() } satisfies KernelRequest);
}

function makeWorker(): Worker {
  const made = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  made.onmessage = ({ data }: MessageEvent<KernelAnswer>) => onAnswer(data);
  made.onerror = ({ message }) => onAnswer({ type: "error", message });
  return made;
}

const six = (value: number): string => value.toPrecision(6);

function showChecked({ output, gradients, passed }: Extract<KernelAnswer, { type: "checked" }>): void {
  verdict.className = `verdict ${passed ? "good" : "bad"}`;
  const said =
    gradients.length === 0
      ? "The kernel runs; it has no gradient to check"
      : passed
        ? "The gradient agrees with differences"
        : "The gradient does not agree with differences";
  verdict.textContent = `${said}: ${output}.`;
  const table = element("gradients");
  table.hidden = gradients.length === 0;
  table.innerHTML = html`<table>
    <caption>
      The entry of each gradient that is farthest from the differences.
    </caption>
    <thead>
      <tr>
        <th scope="col">of</th>
        <th scope="col">entries checked</th>
        <th scope="col">worst at</th>
        <th scope="col">by the kernel</th>
        <th scope="col">by differences</th>
        <th scope="col">verdict</th>
      </tr>
    </thead>
    <tbody>
      ${gradients.map(
        (gradient) =>
          html`<tr>
            <th scope="row">${gradient.input}</th>
            <td>${gradient.checked} of ${gradient.of}</td>
            <td>${gradient.at}</td>
            <td>${six(gradient.got)}</td>
            <td>${six(gradient.expected)}</td>
            <td>${gradient.passed ? "agrees" : "differs"}</td>
          </tr>`,
      )}
    </tbody>
  </table>`.text;
}

function showTimings(timings: readonly SideTiming[]): void {
  showFigures(
    element("timings"),
    timings.flatMap(({ side, ms, gbytes }) => [
      [`${ms >= 1 ? ms.toFixed(2) : ms.toPrecision(3)} ms`, side === "forward" ? "the kernel" : "its gradient"],
      [`${gbytes >= 10 ? gbytes.toFixed(0) : gbytes.toPrecision(2)} GB/s`, "each buffer moved once"],
    ]),
  );
  const [first] = timings;
  element("clock").textContent = first
    ? `Median of five rounds, ${first.clock === "timestamps" ? "by the adapter’s timestamps" : "on the wall: the adapter offers no timestamps"}.`
    : "";
}

function onAnswer(answer: KernelAnswer): void {
  switch (answer.type) {
    case "device":
      adapter = true;
      status.textContent = `${answer.description}.`;
      setRunning(running);
      break;
    case "nothing":
      adapter = false;
      status.textContent = "WGSL cannot be run here.";
      complain(answer.message);
      setRunning(false);
      break;
    case "compiled": {
      const messages = element("messages");
      messages.textContent = answer.problems || "It compiles, without a message.";
      messages.className = `scroll ${answer.ok ? "" : "bad"}`;
      for (const area of [forward, backward]) area.toggleAttribute("aria-invalid", !answer.ok);
      if (!answer.ok && running) status.textContent = "It does not compile.";
      break;
    }
    case "at":
      status.textContent = `${answer.text.charAt(0).toUpperCase()}${answer.text.slice(1)} …`;
      break;
    case "checked":
      showChecked(answer);
      break;
    case "timed":
      showTimings(answer.timings);
      status.textContent = "Done.";
      break;
    case "done":
      setRunning(false);
      break;
    case "error":
      complain(answer.message);
      status.textContent = "Ended by an error.";
      setRunning(false);
  }
}

for (const name of Object.keys(EXAMPLES)) example.append(new Option(name, name));
example.addEventListener("change", () => load(example.value));
let typed: ReturnType<typeof setTimeout> | undefined;
for (const area of [forward, backward]) {
  area.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      showFields();
      ask("compile");
    }, 350);
  });
  let leaving = false; // Escape, then Tab leaves: nobody is caught in an editor
  area.addEventListener("keydown", (event) => {
    if (event.key === "Tab" && !event.shiftKey && !leaving) {
      event.preventDefault();
      area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input"));
    }
    leaving = event.key === "Escape";
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  forget();
  setRunning(true);
  status.textContent = "Compiling …";
  ask("run");
});
stop.addEventListener("click", () => {
  worker?.terminate();
  worker = undefined;
  status.textContent = "Stopped.";
  adapter = undefined;
  setRunning(false);
  worker = makeWorker();
});
element("copy").addEventListener("click", () => {
  void navigator.clipboard.writeText(element("code").textContent ?? "").then(
    () => (status.textContent = "Copied."),
    () => complain("The browser does not allow copying here; select the text instead."),
  );
});

setRunning(false);
load(Object.keys(EXAMPLES)[0]!);
