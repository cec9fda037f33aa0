/**
 * a and b of the curve 1 / (1 + a d^(2b)) that is nearest to 1 up to minDist and exp(−(d − minDist) / spread) beyond, in least squares over 300 distances up
 * to 3 spread, by Levenberg's and Marquardt's method.
 */
export function fitCurve(spread: number, minDist: number): { readonly a: number; readonly b: number } {
  const x = Array.from({ length: 300 }, (_, i) => (3 * spread * i) / 299);
  const y = x.map((d) => (d < minDist ? 1 : Math.exp(-(d - minDist) / spread)));
  const error = (a: number, b: number): number =>
    x.reduce((sum, d, i) => sum + (1 / (1 + a * d ** (2 * b)) - y[i]!) ** 2, 0);
  let [a, b, damping] = [1, 1, 1e-3];
  let current = error(a, b);
  for (let step = 0; step < 200; step++) {
    let [aa, ab, bb, ga, gb] = [0, 0, 0, 0, 0];
    x.forEach((d, i) => {
      if (d === 0) return;
      const power = d ** (2 * b);
      const value = 1 / (1 + a * power);
      const da = -power * value * value;
      const db = 2 * Math.log(d) * a * da;
      const rest = value - y[i]!;
      aa += da * da;
      ab += da * db;
      bb += db * db;
      ga += da * rest;
      gb += db * rest;
    });
    const [p, q] = [aa * (1 + damping), bb * (1 + damping)];
    const determinant = p * q - ab * ab;
    const [da, db] = [(q * ga - ab * gb) / determinant, (p * gb - ab * ga) / determinant];
    const next = error(a - da, b - db);
    if (next < current) {
      [a, b, damping] = [a - da, b - db, damping / 10];
      if (current - next < 1e-15) break;
      current = next;
    } else damping *= 10;
    if (damping > 1e12) break;
  }
  return { a, b };
}
