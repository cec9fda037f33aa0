/** Below this the recurrences are climbed, above it the asymptotic series have float64's digits. */
const LARGE = 10;

/** The logarithm of the gamma function of x > 0: Stirling's series (Abramowitz and Stegun 6.1.41) from 10 on, Γ(x + 1) = x Γ(x) below. */
export function logGamma(x: number): number {
  let product = 1;
  while (x < LARGE) product *= x++;
  const [inverse, square] = [1 / x, 1 / (x * x)];
  const series =
    inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188)))));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** The derivative of logGamma at x > 0: its asymptotic series (ibid. 6.3.18) from 10 on, ψ(x + 1) = ψ(x) + 1 / x below. */
export function digamma(x: number): number {
  let sum = 0;
  while (x < LARGE) sum += 1 / x++;
  const square = 1 / (x * x);
  const series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square * (1 / 132)))));
  return Math.log(x) - 0.5 / x - series - sum;
}
