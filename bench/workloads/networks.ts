import * as constella from "../contenders/constella";
import * as jax from "../contenders/jax";
import * as tfjs from "../contenders/tfjs";
import * as tfjsRbdlstm from "../contenders/tfjs-rbdlstm";
import * as tfjsVgg from "../contenders/tfjs-vgg";
import * as torch from "../contenders/torch";
import * as ourVae from "../contenders/vae";
import { RELAXED } from "../roofs/roof";
import { workload } from "../workload";
import type { AnyWorkload, Contender } from "../workload";
import { ours, oursInPlace, oursWebGPU, PLACE, torchAnchor } from "./entrants";
import { AUTOENCODER, checkStep, stepFlops, stepParameters, stepProblem } from "./problems";
import type { StepProblem } from "./problems";
import { checkRbdlstm, rbdlstmFlops, rbdlstmProblem } from "./rbdlstm";
import type { RbdlstmProblem } from "./rbdlstm";
import { checkVae, conditionalVaeProblem, convVaeProblem, vaeFlops } from "./vae";
import { checkVgg, vggFlops, vggProblem } from "./vgg";
import type { VggProblem } from "./vgg";

const F32 = 4;

/** One training step of the autoencoder of Deep Embedded Clustering. */
export function step(device: "wasm" | "webgpu"): AnyWorkload {
  const batch = 256;
  const contenders: Contender<StepProblem>[] =
    device === "wasm"
      ? [
          ...ours(constella.step, { allThreads: 4 }),
          { name: "tfjs wasm", kind: "peer", roof: "wasm", load: tfjs.step("wasm") },
          { name: "jax-js wasm", kind: "peer", roof: "wasm", load: jax.step },
          { name: "jax-js wasm, relaxed", kind: "peer", roof: "wasm relaxed", execArgv: RELAXED, load: jax.step },
          torchAnchor("cpu", torch.step),
        ]
      : [oursWebGPU(constella.step), torchAnchor("cuda", torch.step)];
  return workload({
    name: device === "wasm" ? "autoencoder-step" : "autoencoder-step-webgpu",
    title: `SGD step (momentum) of ${AUTOENCODER.join("-")}, batch ${batch}, ${PLACE[device]}`,
    device,
    quick: device === "wasm",
    problem: () => stepProblem(AUTOENCODER, batch),
    flops: stepFlops(AUTOENCODER, batch),
    bytes: 4 * stepParameters(AUTOENCODER) * F32,
    validationRuns: 3,
    check: checkStep,
    contenders,
  });
}

/** One training step of the two-block convolutional network for camera images of 45 × 45 pixels. */
export function vgg(device: "wasm" | "webgpu"): AnyWorkload {
  const contenders: Contender<VggProblem>[] =
    device === "wasm"
      ? [
          ...ours(constella.vgg, { plain: 100, relaxed: 100 }),
          { name: "tfjs cpu", kind: "peer", load: tfjsVgg.vgg("cpu") },
          torchAnchor("cpu", torch.vgg),
        ]
      : [
          oursWebGPU(constella.vgg, 3),
          { name: "tfjs webgpu", kind: "peer", roof: "webgpu", load: tfjsVgg.vgg("webgpu") },
          torchAnchor("cuda", torch.vgg),
        ];
  return workload({
    name: device === "wasm" ? "vgg-step" : "vgg-step-webgpu",
    title: `SGD step (momentum) of a two-block VGG, 45 × 45 × 1, batch 64, 256 clusters, ${PLACE[device]}`,
    device,
    quick: false,
    problem: vggProblem,
    flops: vggFlops(),
    bytes: 0,
    validationRuns: 1,
    check: checkVgg,
    contenders,
  });
}

/** One training step of the recurrent core of "Learning to Cluster": one kernel for all steps of both directions of a layer. */
export function rbdlstm(device: "wasm" | "webgpu"): AnyWorkload {
  const contenders: Contender<RbdlstmProblem>[] =
    device === "wasm"
      ? [
          ...ours(constella.rbdlstm, { allThreads: 25 }),
          { name: "tfjs wasm", kind: "peer", roof: "wasm", load: tfjsRbdlstm.rbdlstm("wasm") },
          torchAnchor("cpu", torch.rbdlstm),
        ]
      : [oursWebGPU(constella.rbdlstm), torchAnchor("cuda", torch.rbdlstm)];
  return workload({
    name: device === "wasm" ? "rbdlstm-step" : "rbdlstm-step-webgpu",
    title: `SGD step (momentum) of four residual bidirectional LSTM layers, 288 features, 72 steps, batch 25, ${PLACE[device]}`,
    device,
    quick: false,
    problem: rbdlstmProblem,
    flops: rbdlstmFlops(),
    bytes: 0,
    validationRuns: 1,
    check: checkRbdlstm,
    contenders,
  });
}

/** One training step of the variational autoencoders of stamps: convolutions on five bands, and the conditional one on principal axes. */
export function vae(which: "convVae" | "conditionalVae"): AnyWorkload {
  const isConvolutional = which === "convVae";
  const problem = isConvolutional ? convVaeProblem : conditionalVaeProblem;
  return workload({
    name: isConvolutional ? "conv-vae-step" : "conditional-vae-step",
    title: isConvolutional
      ? "SGD step (momentum) of a convolutional VAE, 64 × 64 × 5, batch 64, CPU"
      : "SGD step (momentum) of a conditional VAE of 40 axes, 64-64, batch 100, CPU",
    device: "wasm",
    quick: false,
    problem,
    flops: vaeFlops(problem()),
    bytes: 0,
    validationRuns: 1,
    warmup: isConvolutional ? 20 : 500,
    check: checkVae(which),
    contenders: [...ours(ourVae.vae, { plain: 1 }), oursInPlace(ourVae.vae, 1), torchAnchor("cpu", torch.vae)],
  });
}
