import { HypercolumnSegmentation, SEGMENTATION_OPTIONS } from "../../generative/segmentation/hypercolumn-segmentation";
import type { HypercolumnSegmentationOptions } from "../../generative/segmentation/hypercolumn-segmentation";
import { RESIDUAL_FLAGS } from "../embedded/conv-autoencoder";
import type { ConvAutoencoderMethodOptions } from "../embedded/conv-autoencoder";
import type { Method } from "../method";
import { imageShape, withPreparation } from "../reconstruction";
import { described } from "../schema";

/** Options of the model by plain ones. */
export interface HypercolumnSegmentationMethodOptions
  extends
    ConvAutoencoderMethodOptions,
    Omit<HypercolumnSegmentationOptions, "nClusters" | "features" | "preparation" | "device" | "seed"> {}

/** `hypercolumn-segmentation`. */
export const hypercolumnSegmentation: Method<HypercolumnSegmentationMethodOptions> = {
  name: "hypercolumn-segmentation",
  title: "Segmentation by hypercolumns",
  summary:
    "pixels of images, or of a whole field, by what several layers of a residual autoencoder say of them; objects are what is rare in the frame, or bright",
  paper: "Hariharan, Arbeláez, Girshick and Malik, Hypercolumns for object segmentation and localization, CVPR 2015",
  takes: ["images", "field"],
  target: "none",
  clusters: "given",
  network: true,
  options: {
    ...RESIDUAL_FLAGS,
    ...described(SEGMENTATION_OPTIONS, {
      at: {
        unset: "the input and the reconstruction",
        help: "layers of the autoencoder: input, encoder1, …, decoder1, …",
      },
      comparable: "channels of each pixel of a layer to length 1, or each to variance 1 and layers to one weight",
      resize: "how smaller layers are brought to the size of the image",
      smooth: "whether hypercolumns are means over 3 × 3 pixels",
      clustering: "of the pixels",
      nInit: "clusterings from different beginnings, of which the best is kept",
      foreground:
        "which clusters are of objects: what is rarer in the frame of stamps, or brighter than the sky; of a field bright",
      frame: { unset: "an eighth of the shorter side", help: "width of the outer frame where objects are rare" },
      rarity: "how many times as rare in the frame as in whole images clusters of objects are",
    }),
  },
  suit: (data, given) => ({
    ...(!given.inputShape && { inputShape: imageShape(data) }),
    ...(data.field && !given.foreground && { foreground: "bright" }),
  }),
  make: ({ nClusters, ...options }) =>
    new HypercolumnSegmentation({ ...withPreparation(options), nClusters: nClusters! }),
  load: (bytes, { device }) => HypercolumnSegmentation.load(bytes, { device }),
};
