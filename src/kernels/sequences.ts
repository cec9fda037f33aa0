import lstmWgsl from "../../kernels/sequences/lstm.wgsl";
import lstmBackwardWgsl from "../../kernels/sequences/lstm_backward.wgsl";
import powerSpectrumWgsl from "../../kernels/sequences/power_spectrum.wgsl";
import { grid1d, kernel } from "../kernel";
import type { Launch } from "../kernel";

/** Sequences of an LSTM: WebGPU four a workgroup; WASM those of a direction rounded up to a multiple of four. */
const sequences: Launch<"n" | "directions" | "t" | "h"> = {
  grid: ({ n, directions }) => grid1d(Math.ceil(n / 4) * directions, 1),
  rows: ({ n, directions }) => Math.ceil(n / 4) * 4 * directions,
  grain: ({ t, h }) => Math.max(4, Math.ceil(65536 / (t * h * h))),
};

export const lstm = /* @__PURE__ */ kernel(lstmWgsl, sequences);

export const lstmBackward = /* @__PURE__ */ kernel(lstmBackwardWgsl, sequences);

/** Frames of signals: WebGPU one a workgroup, WASM four neighbours a row. */
export const powerSpectrum = /* @__PURE__ */ kernel(powerSpectrumWgsl, {
  grid: ({ batch, frames }) => grid1d(batch * frames, 1),
  rows: ({ batch, frames }) => batch * Math.ceil(frames / 4),
  grain: ({ fft, stages }) => Math.max(1, Math.ceil(16384 / (fft * (stages + 2)))),
});
