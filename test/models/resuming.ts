import { expect } from "vitest";

/** Options for `fit` that abort it at its n-th step report. */
export function abortAfter(reports: number): { signal: AbortSignal; onStep: () => void } {
  const controller = new AbortController();
  let seen = 0;
  const onStep = (): void => {
    if (++seen === reports) controller.abort(new Error("stopped by the test"));
  };
  return { signal: controller.signal, onStep };
}

/** A model as a test of resuming needs it. */
interface Resumable {
  readonly history: readonly unknown[];
  save(): Promise<Uint8Array>;
  dispose(): void;
}

/**
 * Stops a training at its n-th report, saves it, loads it and goes on: it must end where one that nothing stopped does. For what the suite
 * over all methods does not try: models that are no methods, and options of one.
 */
export async function expectResumes<M extends Resumable>(
  {
    make,
    load,
    fit,
    ask,
  }: {
    readonly make: () => M;
    readonly load: (bytes: Uint8Array) => Promise<M>;
    readonly fit: (model: M, options?: ReturnType<typeof abortAfter>) => Promise<unknown>;
    /** What the model says, beside its history. */
    readonly ask: (model: M) => Promise<unknown>;
  },
  reports: number,
): Promise<void> {
  const [whole, stopped] = [make(), make()];
  await fit(whole);
  await expect(fit(stopped, abortAfter(reports))).rejects.toThrow("stopped by the test");
  const resumed = await load(await stopped.save());
  stopped.dispose();
  await fit(resumed);
  expect(resumed.history).toEqual(whole.history);
  expect(await ask(resumed)).toEqual(await ask(whole));
  for (const either of [whole, resumed]) either.dispose();
}
