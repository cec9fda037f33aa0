/**
 * Preparing tables: scales in float64, missing values, parts to train and to test with, steps as one model.
 * @module constella/preprocessing
 */

export { MinMaxScaler, RobustScaler, Scaler, StandardScaler } from "./scalers";
export type { MinMaxScalerOptions, RobustScalerOptions, Scaling, StandardScalerOptions } from "./scalers";
export { Imputer } from "./imputer";
export type { ImputerOptions, ImputerStrategy } from "./imputer";
export { trainTestSplit } from "./split";
export type { TrainTestSplit, TrainTestSplitOptions } from "./split";
export { Pipeline } from "./pipeline";
export type { FinalStep, Last, Result, Steps, Transformer } from "./pipeline";
