import type { Device } from "../../../device";
import type { Random } from "../../../random";
import { IterativeNetwork } from "./iterative-network";
import type { SetNetwork } from "./network";
import type { SetSettings } from "../options";
import { RecurrentIterativeNetwork } from "./recurrent-iterative-network";
import { ResidualNetwork, SoftKMeansNetwork } from "./recurrent-network";

const NETWORKS = {
  rbdlstm: ResidualNetwork,
  "soft-kmeans": SoftKMeansNetwork,
  iterative: IterativeNetwork,
  "iterative-lstm": RecurrentIterativeNetwork,
} as const;

/** Makes the network that the settings describe. */
export function buildSetNetwork(device: Device, settings: SetSettings, random: Random): SetNetwork {
  return new NETWORKS[settings.model](device, settings, random);
}
