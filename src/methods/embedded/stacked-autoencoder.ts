import { STACKED_OPTIONS, StackedAutoencoder } from "../../models/autoencoder/stacked-autoencoder";
import type { StackedAutoencoderOptions } from "../../models/autoencoder/stacked-autoencoder";
import { denseWords, encoderFor } from "./dec";
import { IMAGE_ROWS_FLAGS, resumedImages, suitImages, withAugment } from "../vision/feature-network";
import type { ImageRowsMethodOptions } from "../vision/feature-network";
import type { Method } from "../method";
import { described } from "../schema";

/** `stacked-autoencoder`. */
export const stackedAutoencoder: Method<
  ImageRowsMethodOptions<StackedAutoencoderOptions> & { readonly nClusters?: number }
> = {
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
    ...described(STACKED_OPTIONS, {
      ...denseWords(10),
      epochs: { help: "passes over the data for all layers together", of: "fit", resumable: true },
      batchSize: "items a step",
      learningRate: { help: "step size, at which sgd begins", resumable: true },
    }),
    ...IMAGE_ROWS_FLAGS,
  },
  suit: (data, given) => ({ ...(given.layers ? {} : { layers: encoderFor(data) }), ...suitImages(data, given) }),
  make: ({ nClusters: _, ...options }) => new StackedAutoencoder(withAugment(options)),
  load: (bytes, options) => StackedAutoencoder.load(bytes, resumedImages(options)),
};
