export { LearningToCluster } from "./learning-to-cluster";
export type { CalibrateOptions, ForwardDropoutOptions, PredictOptions, SetSaveOptions } from "./learning-to-cluster";
export type { Calibration, ExaminedClustering } from "./calibration";
export type { SetView, SetViewName } from "./views";
export type {
  LearningToClusterOptions,
  RateSchedule,
  SetNetworkType,
  SetOptimizer,
  SetRegularizers,
  SetSettings,
} from "./options";
export type {
  BLSTMEmbedding,
  CNNEmbedding,
  CNNLSTMEmbedding,
  Embedding,
  EmbeddingSpec,
  FourierEmbedding,
} from "./networks/embedding";
export type { SetFitOptions, SetTrainingState, ValidationRecord } from "./trainer";
export type { ValidationFigures } from "./validation";
export { labelsFor } from "./prediction";
export type { DropoutClustering, SetClustering } from "./prediction";
export type { PairWeights } from "./loss";
export { evaluateSets } from "./evaluation";
export type { Estimate, EvaluateSetsOptions, SetClusterer, SetScores } from "./evaluation";
export { SetNetwork } from "./networks/network";
export type { PassOptions, SetOutput } from "./networks/network";
