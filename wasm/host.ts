// Computations that run on the calling thread with a memory of their own: metrics and signal processing in float64.
export function placeholder(): void {}
