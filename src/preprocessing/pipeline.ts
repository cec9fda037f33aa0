import { isObject, show } from "../checks";

/** The last step: a model, or another transformer. */
export interface FinalStep {
  /** Learns from what the step before gives. */
  fit(x: never, options?: never): unknown;
  /** Frees what it holds of a device. */
  dispose?(): unknown;
}

/** A step that others follow: it learns from data, and gives them on. */
export interface Transformer extends FinalStep {
  /** What the next step is given. */
  transform(x: never): unknown;
}

/** Named steps; each but the last is a `Transformer`. */
export type Steps = readonly [
  ...(readonly [name: string, step: Transformer])[],
  readonly [name: string, step: FinalStep],
];

interface Step {
  readonly name: string;
  readonly step: {
    fit(x: unknown, options?: object): unknown;
    transform?(x: unknown): unknown;
    inverseTransform?(x: unknown): unknown;
    predict?(x: unknown): unknown;
    softAssignments?(x: unknown): unknown;
    scoreSamples?(x: unknown): unknown;
    dispose?(): unknown;
  };
}

/** The last of the steps. */
export type Last<S extends Steps> = S extends readonly [...unknown[], readonly [string, infer L]] ? L : never;
/** What a method of a step gives, as a promise; `never` where it has none. */
export type Result<L, Name extends string> = L extends { [N in Name]: (x: never) => infer R }
  ? Promise<Awaited<R>>
  : never;

/**
 * Steps one after the other as one model: each but the last transforms what it is given, the last learns from what comes out.
 * Fitted, it does to new data what it did to the old. The steps stay the caller's: `pipeline.step("kmeans").labels`.
 *
 * ```ts
 * const pipeline = new Pipeline([["scale", new StandardScaler()], ["pca", new PCA({ nComponents: 5 })], ["kmeans", new KMeans({ nClusters: 3 })]]);
 * await pipeline.fit(x);
 * const labels = await pipeline.predict(tomorrow);
 * ```
 */
export class Pipeline<const S extends Steps> {
  readonly #steps: readonly Step[];

  /** @throws unless each step has a name of its own and `fit`, and each but the last `transform` */
  constructor(steps: S) {
    if (!Array.isArray(steps) || steps.length === 0)
      throw new Error(`Pipeline: steps must be a list of [name, step], got ${show(steps)}`);
    this.#steps = (steps as readonly unknown[]).map((pair, i) => {
      if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string" || !pair[0])
        throw new Error(`Pipeline: step ${i} must be [name, step], got ${show(pair)}`);
      const [name, step] = pair as [string, unknown];
      const has = (method: string): boolean =>
        typeof step === "object" && step !== null && typeof (step as Record<string, unknown>)[method] === "function";
      const last = i === steps.length - 1;
      if (!has("fit") || !(last || has("transform")))
        throw new Error(`Pipeline: step ${name} must have ${last ? "fit" : "fit and transform"}, got ${show(step)}`);
      return { name, step: step as Step["step"] };
    });
    const names = this.#steps.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new Error(`Pipeline: names must differ, got ${twice} twice`);
  }

  /** A step by its name. @throws for a name that there is not */
  step<N extends S[number][0]>(name: N): Extract<S[number], readonly [N, unknown]>[1] {
    const found = this.#steps.find((step) => step.name === name);
    if (!found)
      throw new Error(
        `Pipeline.step: name must be one of ${this.#steps.map((step) => step.name).join(", ")}, got ${show(name)}`,
      );
    return found.step as never;
  }

  /**
   * Fits the steps in their order, each to what the one before gives.
   * @param options for each step's `fit` by the step's name: `{ kmeans: { signal } }`
   * @throws for options of a step that there is not, and what the steps throw
   */
  async fit(x: unknown, options: { readonly [Name in S[number][0]]?: object } = {}): Promise<this> {
    if (!isObject(options)) throw new Error(`Pipeline.fit: options must be an object, got ${show(options)}`);
    for (const name of Object.keys(options)) this.step(name as S[number][0]);
    const last = this.#steps.length - 1;
    let data = x;
    for (const [i, { name, step }] of this.#steps.entries()) {
      const own = (options as Record<string, object | undefined>)[name];
      await (own ? step.fit(data, own) : step.fit(data));
      if (i < last) data = await step.transform!(data);
    }
    return this;
  }

  /** Labels of new data by the last step. @throws where it has no `predict` */
  async predict(x: unknown): Promise<Awaited<Result<Last<S>, "predict">>> {
    return this.#through(x, "predict") as never;
  }

  /** New data through all steps. @throws where the last has no `transform` */
  async transform(x: unknown): Promise<Awaited<Result<Last<S>, "transform">>> {
    return this.#through(x, "transform") as never;
  }

  /** Probabilities of the clusters by the last step. @throws where it has no `softAssignments` */
  async softAssignments(x: unknown): Promise<Awaited<Result<Last<S>, "softAssignments">>> {
    return this.#through(x, "softAssignments") as never;
  }

  /** How likely new data are by the last step. @throws where it has no `scoreSamples` */
  async scoreSamples(x: unknown): Promise<Awaited<Result<Last<S>, "scoreSamples">>> {
    return this.#through(x, "scoreSamples") as never;
  }

  /** Back through all steps, the last first. @throws where one of them has no `inverseTransform` */
  async inverseTransform(z: unknown): Promise<unknown> {
    const without = this.#steps.find(({ step }) => !step.inverseTransform);
    if (without)
      throw new Error(`Pipeline.inverseTransform: every step must have inverseTransform, ${without.name} has none`);
    let data = z;
    for (const { step } of [...this.#steps].reverse()) data = await step.inverseTransform!(data);
    return data;
  }

  /** Disposes of the steps that hold memory of a device. */
  async dispose(): Promise<void> {
    for (const { step } of this.#steps) await step.dispose?.();
  }

  async #through(x: unknown, method: "predict" | "transform" | "softAssignments" | "scoreSamples"): Promise<unknown> {
    const last = this.#steps.at(-1)!;
    if (!last.step[method])
      throw new Error(`Pipeline.${method}: the last step must have ${method}, ${last.name} has none`);
    let data = x;
    for (const { step } of this.#steps.slice(0, -1)) data = await step.transform!(data);
    return last.step[method](data);
  }
}
