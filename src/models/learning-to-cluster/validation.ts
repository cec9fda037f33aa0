import { noGrad } from "../../graph";
import type { SetPart, SetProvider } from "../../data/datasets/sets/provider";
import type { Device } from "../../device";
import { nmi } from "../../metrics/information";
import type { Random } from "../../random";
import { tidy } from "../../tensor";
import { setLoss } from "./loss";
import type { PairWeights } from "./loss";
import type { SetNetwork } from "./networks/network";
import type { SetSettings } from "./options";
import { clusteringOf, readOutput } from "./prediction";
import { sampleSets, upload } from "./sets";
import type { SetSizes } from "./sets";

/** Figures of a network on sets that it was not trained on. */
export interface ValidationFigures {
  readonly validationLoss: number;
  /** Share of the sets whose number of clusters is found. */
  readonly countAccuracy: number;
  /** Mean over sets, geometric. */
  readonly NMI: number;
}

/** Loss and measures over new sets of one part of a provider, in evaluation mode. */
export async function validate(
  op: string,
  device: Device,
  network: SetNetwork,
  { provider, part, sets, sizes }: { provider: SetProvider; part: SetPart; sets: number; sizes: SetSizes },
  settings: SetSettings,
  weights: PairWeights,
  random: Random,
): Promise<ValidationFigures> {
  network.eval();
  let [loss, right, information] = [0, 0, 0];
  for (let done = 0; done < sets; done += sizes.batch) {
    const batch = Math.min(sizes.batch, sets - done);
    const sampled = await sampleSets(op, provider, part, { batch, length: sizes.length }, random);
    const made = tidy(() =>
      noGrad(() => {
        const { items, ...truth } = upload(device, sampled);
        const output = network.run(items, { lean: true });
        const { counts, assignments } = output;
        return { loss: setLoss(network, output, truth, settings, weights), counts, assignments: [...assignments] };
      }),
    );
    const [value, found] = await Promise.all([made.loss.item(), readOutput(made)]);
    for (const x of [made.loss, made.counts, ...made.assignments]) x.dispose();
    loss += value * batch;
    for (let set = 0; set < batch; set++) {
      const { k, labels } = clusteringOf(found, set, sizes.length);
      right += Number(k === sampled.counts[set]);
      information += nmi(sampled.labels.subarray(set * sizes.length, (set + 1) * sizes.length), labels, {
        average: "geometric",
      });
    }
  }
  return { validationLoss: loss / sets, countAccuracy: right / sets, NMI: information / sets };
}
