/** Fills a list with figures, each a value above what it is. */
export function showFigures(list: Element, figures: readonly (readonly [value: string, name: string])[]): void {
  list.replaceChildren(
    ...figures.map(([value, name]) => {
      const card = document.createElement("div");
      card.append(
        Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: value }),
      );
      return card;
    }),
  );
}
