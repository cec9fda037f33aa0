import { StackedAutoencoder } from "../models/stacked-autoencoder";
import type { StackedAutoencoderOptions } from "../models/stacked-autoencoder";
import { encoderFor, sizesInWords } from "./dec";
import type { Method } from "./method";
import { positive, share, whole, wholes } from "./schema";

/** `stacked-autoencoder`. */
export const stackedAutoencoder: Method<StackedAutoencoderOptions & { readonly nClusters?: number }> = {
  name: "stacked-autoencoder",
  title: "Stacked autoencoder",
  summary: "layers that learn one by one to undo noise, then together to give back their input through few numbers",
  paper:
    "Vincent, Larochelle, Lajoie, Bengio and Manzagol, Stacked denoising autoencoders, Journal of Machine Learning Research 2010",
  takes: ["rows", "images"],
  target: "none",
  streams: true,
  clusters: "none",
  network: true,
  options: {
    layers: {
      kind: wholes(1, 2),
      unset: sizesInWords(10),
      help: "sizes of the encoder from the input to the embedding",
    },
    layerEpochs: { kind: whole(0), default: 5, help: "passes over the data for each layer by itself" },
    epochs: { kind: whole(0), default: 20, help: "passes over the data for all layers together" },
    corruption: { kind: share, default: 0.2, help: "share of inputs set to 0 while a layer is trained by itself" },
    batchSize: { kind: whole(1), default: 256, help: "items a step" },
    learningRate: { kind: positive, default: 1e-3, help: "Adam's step size" },
  },
  suit: (data, { layers }) => (layers ? {} : { layers: encoderFor(data) }),
  make: ({ nClusters: _, ...options }) => new StackedAutoencoder(options),
  load: (bytes, { device }) => StackedAutoencoder.load(bytes, device ? { device } : {}),
};
