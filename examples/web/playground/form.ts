// The fields of a method's options.
import { shownValue, type Field, type Values } from "./methods";

function makeField({ name, label, hint, kind, value, placeholder }: Field): HTMLElement {
  const wrapper = document.createElement("div");
  wrapper.className = "field";
  const id = `option-${name}`;
  const title = Object.assign(document.createElement("label"), { htmlFor: id, textContent: label });
  const { field } = kind;
  let control: HTMLInputElement | HTMLSelectElement;
  if (field.type === "choice") {
    control = document.createElement("select");
    if (value === undefined) control.append(new Option(placeholder ?? "as the method has it", ""));
    for (const choice of field.choices) control.append(new Option(choice, choice));
  } else {
    control = document.createElement("input");
    control.type = field.type;
    if (placeholder !== undefined) control.placeholder = placeholder;
    if (field.type === "number") {
      control.inputMode = "decimal";
      for (const [attribute, limit] of Object.entries({ min: field.min, max: field.max, step: field.step }))
        if (limit !== undefined) control.setAttribute(attribute, String(limit));
    }
    control.required = value !== undefined;
  }
  control.id = id;
  control.name = name;
  control.value = shownValue(value);
  wrapper.append(title, control);
  if (hint) {
    const note = Object.assign(document.createElement("p"), { className: "hint", id: `${id}-hint`, textContent: hint });
    control.setAttribute("aria-describedby", note.id);
    wrapper.append(note);
  }
  return wrapper;
}

/** A message beside a field, or none any more. */
function complainAt(control: HTMLElement, message: string | undefined): void {
  const id = `${control.id}-error`;
  document.getElementById(id)?.remove();
  control.toggleAttribute("aria-invalid", message !== undefined);
  if (message === undefined) return;
  const note = Object.assign(document.createElement("p"), { className: "error", id, textContent: message });
  note.setAttribute("role", "alert");
  control.after(note);
}

/** The fields that differ from what the method has by itself, as they stand in the form. */
export function changedFields(form: HTMLFormElement, fields: readonly Field[]): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const { name, value } of fields) {
    const control = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement | null;
    if (control && control.value.trim() !== shownValue(value)) changed[name] = control.value.trim();
  }
  return changed;
}

/** Puts values into the fields that there are. */
export function fillFields(form: HTMLFormElement, fields: readonly Field[], values: URLSearchParams): void {
  for (const { name } of fields) {
    const control = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement | null;
    if (control && values.has(name)) control.value = values.get(name)!;
  }
}

/** Puts the fields of a method into the form. */
export function showFields(fields: readonly Field[], main: HTMLElement, more: HTMLElement): void {
  main.replaceChildren(...fields.filter((field) => !field.more).map(makeField));
  more.replaceChildren(...fields.filter((field) => field.more).map(makeField));
}

/** The values as they stand in the form, without those that are empty; undefined where one breaks its rule, which is said beside it. */
export function readFields(form: HTMLFormElement, fields: readonly Field[]): Values | undefined {
  const values: Record<string, unknown> = {};
  for (const { name, label, kind } of fields) {
    const control = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
    const given = control.value.trim();
    complainAt(control, undefined);
    if (given === "" && !("required" in control && control.required) && control.validity.valid) continue;
    const value = kind.parse(given);
    if (value === undefined) {
      control.closest("details")?.setAttribute("open", "");
      control.focus();
      complainAt(control, `${label} must be ${kind.words}${given === "" ? "" : `, got ${given}`}`);
      return undefined;
    }
    values[name] = value;
  }
  return values;
}
