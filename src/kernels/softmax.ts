import softmaxWgsl from "../../kernels/softmax/softmax.wgsl";
import softmaxBackwardWgsl from "../../kernels/softmax/softmax_backward.wgsl";
import { kernel } from "../kernel";
import { alongAxis } from "./launches";

export const softmax = /* @__PURE__ */ kernel(softmaxWgsl, alongAxis);

export const softmaxBackward = /* @__PURE__ */ kernel(softmaxBackwardWgsl, alongAxis);
