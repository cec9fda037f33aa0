// A line drawn around items.

/** Which of the points lie inside a closed line, by the even-odd rule; both in pixels, x, y, x, y, … */
export function inside(line: readonly number[], points: Float32Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < points.length / 2; i++) {
    const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
    let within = false;
    for (let a = 0, b = line.length - 2; a < line.length; b = a, a += 2) {
      const [ax, ay, bx, by] = [line[a]!, line[a + 1]!, line[b]!, line[b + 1]!];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) within = !within;
    }
    if (within) found.push(i);
  }
  return found;
}
