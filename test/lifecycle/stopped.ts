// Fits that are stopped at one of their reports, and what they report.
import type { NdArray, TypedArray } from "constella";
import { expect } from "vitest";
import type { StepReport } from "../../src/lifecycle/progress";

/** What can be fitted and saved. */
export interface Resumable<X = NdArray<TypedArray>> {
  fit(
    x: X,
    options: { readonly signal?: AbortSignal; readonly onStep?: (report: StepReport) => void },
  ): Promise<unknown>;
  save(): Promise<Uint8Array>;
}

/** Stopped at a report, the first being 0, as `save` has it. */
export async function stoppedAt<X>(model: Resumable<X>, x: X, at: number): Promise<Uint8Array> {
  const stop = new AbortController();
  let seen = 0;
  const onStep = (): void => void (seen++ === at && stop.abort(new Error("enough")));
  await expect(model.fit(x, { signal: stop.signal, onStep })).rejects.toThrow("enough");
  return model.save();
}

/** The steps that a fit reports. */
export async function stepsOf<X>(model: Resumable<X>, x: X): Promise<number[]> {
  const steps: number[] = [];
  await model.fit(x, { onStep: ({ step }) => steps.push(step) });
  return steps;
}
