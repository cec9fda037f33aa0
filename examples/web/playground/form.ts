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

/** Puts the fields of a method into the form. */
export function showFields(fields: readonly Field[], main: HTMLElement, more: HTMLElement): void {
  main.replaceChildren(...fields.filter((field) => !field.more).map(makeField));
  more.replaceChildren(...fields.filter((field) => field.more).map(makeField));
}

/** The values as they stand in the form, without those that are empty. @throws naming the first field that breaks its rule */
export function readFields(form: HTMLFormElement, fields: readonly Field[]): Values {
  const values: Record<string, unknown> = {};
  for (const { name, label, kind } of fields) {
    const control = form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
    const given = control.value.trim();
    if (given === "" && !("required" in control && control.required) && control.validity.valid) continue;
    const value = kind.parse(given);
    if (value === undefined) {
      control.focus();
      throw new Error(`${label} must be ${kind.words}${given === "" ? "" : `, got ${given}`}`);
    }
    values[name] = value;
  }
  return values;
}
