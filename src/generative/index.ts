/**
 * Generative models: variational autoencoders with any divergence and prior, what they are made of, and objects in images by hypercolumns.
 * @module constella/generative
 */
export * from "../ops/generative";
export * from "../ops/masks";
export { mixtureQuantiles } from "./quantiles";
