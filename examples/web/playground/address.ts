// The settings in the address of the page, behind #: a link shows another what one sees.

/** What the address says. */
export const addressed = (): URLSearchParams => new URLSearchParams(location.hash.slice(1));

/** Keeps settings in the address, those that are not empty; the page's history does not grow by them. */
export function keepInAddress(settings: Readonly<Record<string, string | undefined>>): void {
  const entries = Object.entries(settings).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(entries).toString();
  history.replaceState(null, "", text === "" ? location.pathname + location.search : `#${text}`);
}

/** Chooses what the address says, where the control has it. */
export function choose(control: HTMLSelectElement, value: string | null): void {
  if (value !== null && [...control.options].some((option) => option.value === value && !option.disabled))
    control.value = value;
}
