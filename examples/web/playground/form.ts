// The fields of a method's options.
import { METHODS, type Field, type MethodName, type Values } from "./methods";
import type { DataSummary } from "./protocol";

function makeField({ name, label, hint, min, max, step, choices, value }: Field, data: DataSummary): HTMLElement {
  const wrapper = document.createElement("div");
  wrapper.className = "field";
  const id = `option-${name}`;
  const title = Object.assign(document.createElement("label"), { htmlFor: id, textContent: label });
  const given = value(data);
  let control: HTMLInputElement | HTMLSelectElement;
  if (choices) {
    control = document.createElement("select");
    for (const choice of choices) control.append(new Option(choice, choice));
  } else {
    control = document.createElement("input");
    control.type = typeof given === "number" ? "number" : "text";
    if (typeof given === "number") control.inputMode = "decimal";
    for (const [attribute, limit] of Object.entries({ min, max, step }))
      if (limit !== undefined) control.setAttribute(attribute, String(limit));
    control.required = true;
  }
  control.id = id;
  control.name = name;
  control.value = String(given);
  wrapper.append(title, control);
  if (hint) {
    const note = Object.assign(document.createElement("p"), { className: "hint", id: `${id}-hint`, textContent: hint });
    control.setAttribute("aria-describedby", note.id);
    wrapper.append(note);
  }
  return wrapper;
}

/** Puts the fields of a method into the form, with values that suit the data. */
export function showFields(method: MethodName, data: DataSummary, main: HTMLElement, more: HTMLElement): void {
  const { fields } = METHODS[method];
  main.replaceChildren(...fields.filter((field) => !field.more).map((field) => makeField(field, data)));
  more.replaceChildren(...fields.filter((field) => field.more).map((field) => makeField(field, data)));
}

/** The values as they stand in the form. @throws naming the first field that is out of its range */
export function readFields(form: HTMLFormElement, method: MethodName): Values {
  const values: Record<string, number | string> = {};
  for (const { name, label, choices } of METHODS[method].fields) {
    const control = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
    if (!control.checkValidity()) {
      control.focus();
      throw new Error(`${label}: ${control.validationMessage}`);
    }
    values[name] = choices || control.type === "text" ? control.value : Number(control.value);
  }
  return values;
}
