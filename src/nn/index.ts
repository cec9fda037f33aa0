export { Module, Sequential } from "./module";
export type { NamedArrays, NamedTensors } from "./module";
export { Autoencoder } from "./autoencoder";
export { Linear } from "./linear";
export type { LinearOptions } from "./linear";
export { constant, fanInUniform, glorotUniform, heUniform, normal } from "./init";
export type { Initializer, RandomSource } from "./init";
