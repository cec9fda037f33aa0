import { NdArray } from "constella";
import type { Random } from "constella";
import type { SetBatch, SetPart, SetProvider } from "constella/sets";

/** Sets from several providers: each set of a batch is drawn from one of the part's providers, chosen at random. */
export class MixedSets implements SetProvider {
  readonly itemShape: readonly number[];
  readonly kMax: number;
  readonly #providers: Readonly<Partial<Record<SetPart, readonly SetProvider[]>>>;

  /** @throws when there is no provider, or they differ in the shape of items or in kMax */
  constructor(providers: Readonly<Partial<Record<SetPart, readonly SetProvider[]>>>) {
    const [first, ...others] = Object.values(providers).flat();
    if (!first) throw new Error("MixedSets: there must be a provider");
    for (const { itemShape, kMax } of others)
      if (itemShape.join() !== first.itemShape.join() || kMax !== first.kMax)
        throw new Error(`MixedSets: providers must agree on items and kMax, [${itemShape}] and [${first.itemShape}]`);
    this.itemShape = first.itemShape;
    this.kMax = first.kMax;
    this.#providers = providers;
  }

  async sample(part: SetPart, batch: number, length: number, random: Random): Promise<SetBatch> {
    const list = this.#providers[part] ?? [];
    if (list.length === 0) throw new Error(`MixedSets: ${part} has no provider`);
    const sets: SetBatch[] = [];
    for (let i = 0; i < batch; i++) sets.push(await list[random.integer(list.length)]!.sample(part, 1, length, random));
    const size = this.itemShape.reduce((a, b) => a * b, length);
    const items = new Float32Array(batch * size);
    const labels = new Int32Array(batch * length);
    sets.forEach((set, i) => {
      items.set(set.items.data, i * size);
      labels.set(set.labels, i * length);
    });
    return {
      items: new NdArray(items, [batch, length, ...this.itemShape]),
      labels,
      counts: Int32Array.from(sets, ({ counts }) => counts[0]!),
    };
  }
}
