import type { Tensor } from "constella";
import { GaussianMixture } from "../../../src/density/gaussian-mixture";
import type { CovarianceType } from "../../../src/density/mixture/parameters";
import { gmmLogProb } from "../../../src/ops/mixture/gmm-log-prob";
import { onDevice, tensors } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

interface Mixture {
  readonly covarianceType: CovarianceType;
  readonly components: number;
  readonly iterations: number;
  readonly regCovar: number;
}

export const DENSITY: Adapters = {
  gmm_log_prob: tensors<{ x: Tensor; pi_logits: Tensor; mu_c: Tensor; logvar_c: Tensor }>(
    ({ x, pi_logits, mu_c, logvar_c }) => {
      const { loss, logProb, resp } = gmmLogProb(x, pi_logits, mu_c, logvar_c);
      return { loss, log_prob: logProb, resp };
    },
  ),
  gmm: onDevice<{ x: Values; weights0: Values; means0: Values; covariances0: Values }, Mixture>(
    async ({ x, weights0, means0, covariances0 }, { components, covarianceType, iterations, regCovar }, { device }) => {
      const init = { weights: weights0.data as Float32Array, means: means0, covariances: covariances0 };
      const settings = { nComponents: components, covarianceType, maxIter: iterations, tolerance: null, regCovar };
      const mixture = await new GaussianMixture({ ...settings, init, device }).fit(x);
      return {
        weights: mixture.weights,
        means: mixture.means,
        covariances: mixture.covariances,
        lower_bound_trace: mixture.lowerBoundTrace,
        log_prob: await mixture.scoreSamples(x),
        resp: mixture.responsibilities,
        labels: mixture.labels,
        bic: await mixture.bic(x),
      };
    },
  ),
};
