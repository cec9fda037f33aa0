/** Lets the page answer. */
export const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
