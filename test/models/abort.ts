/** Options for `fit` that abort it at its n-th step report. */
export function abortAfter(reports: number): { signal: AbortSignal; onStep: () => void } {
  const controller = new AbortController();
  let seen = 0;
  const onStep = (): void => {
    if (++seen === reports) controller.abort(new Error("stopped by the test"));
  };
  return { signal: controller.signal, onStep };
}
