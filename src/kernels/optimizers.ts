import adadeltaWgsl from "../../kernels/optimizers/adadelta.wgsl";
import adamWgsl from "../../kernels/optimizers/adam.wgsl";
import rmspropWgsl from "../../kernels/optimizers/rmsprop.wgsl";
import sgdWgsl from "../../kernels/optimizers/sgd.wgsl";
import sgdMomentumWgsl from "../../kernels/optimizers/sgd_momentum.wgsl";
import { kernel } from "../kernel";
import { elementwise } from "./launches";

export const sgd = /* @__PURE__ */ kernel(sgdWgsl, elementwise);

export const sgdMomentum = /* @__PURE__ */ kernel(sgdMomentumWgsl, elementwise);

export const adam = /* @__PURE__ */ kernel(adamWgsl, elementwise);

export const rmsprop = /* @__PURE__ */ kernel(rmspropWgsl, elementwise);

export const adadelta = /* @__PURE__ */ kernel(adadeltaWgsl, elementwise);
