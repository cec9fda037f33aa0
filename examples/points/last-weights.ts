// Of a training that has ended, the weights of its last iteration as a file to cluster with.
import { LearningToCluster } from "constella/sets";
import type { Device } from "constella";
import { PointsProvider, readSafetensors, writeSafetensors } from "constella/data";
import { CALIBRATION, NETWORK } from "./settings";

/**
 * What `LearningToCluster.save` wrote, with the last weights in place of those of lowest validation loss, in float16. The learning
 * rate has come to its end with them; losses of single validations differ by more than these weights do.
 */
export async function lastWeights(checkpoint: Uint8Array, device: Device): Promise<Uint8Array> {
  const { tensors, metadata } = readSafetensors(checkpoint);
  const last = [...tensors].flatMap(([name, value]) =>
    name.startsWith("last.") ? [[name.replace("last.", "best."), value] as const] : [],
  );
  const model = await LearningToCluster.load(writeSafetensors(Object.fromEntries(last), { metadata }), { device });
  try {
    return await model.save({ weightsOnly: true, half: true });
  } finally {
    model.dispose();
  }
}

/** The model as a file to cluster with, that knows how far its passes agree on fresh sets of those it has learned. */
export async function calibrated(
  model: LearningToCluster,
  onProgress?: (done: number, total: number) => void,
): Promise<Uint8Array> {
  const provider = new PointsProvider({ kMax: NETWORK.kMax });
  await model.calibrate(provider, { ...CALIBRATION, ...(onProgress && { onProgress }) });
  return model.save({ weightsOnly: true, half: true });
}
