/** The measured state of one contender, in the order in which its rounds ran. */
export interface Outcome {
  name: string;
  /** Milliseconds of each timed round; empty when the contender failed. */
  times: number[];
  /** What the validator said of the result, for example `max error 2.1e-6`. */
  validation?: string;
  /** Why there is no (further) timing. */
  error?: string;
}

/** A result that passed. */
export interface Validation {
  /** The validator's remark. */
  remark: string;
  /** Milliseconds of the validated run. */
  ms: number;
}

/** Something that can be raced: a process, in the bench; a fake, in the tests. */
export interface Racer {
  readonly name: string;
  /** Loads, runs once and validates that result. @throws when anything of it fails */
  prepare(): Promise<Validation>;
  /** Runs once; resolves to the milliseconds that took. */
  run(): Promise<number>;
  stop(): void;
}

export interface RaceOptions {
  /** Timed rounds at most. */
  rounds: number;
  /** A contender leaves the race when its own timed rounds have taken this long and it has had `minRounds`, or one if that took longer. */
  budgetMs: number;
  minRounds?: number;
  /** Untimed rounds after validation; none for a contender that takes a second or more, which the validated run has warmed. */
  warmup?: number;
  onProgress?: (message: string) => void;
}

/**
 * Times the racers round-robin in one loop, so that a machine whose cores change speed treats all alike. The order turns by one each round.
 * Nothing is timed before its result has been validated; a racer that fails, at once or later, stays in the list with its reason.
 */
export async function race(racers: readonly Racer[], options: RaceOptions): Promise<Outcome[]> {
  const { rounds, budgetMs, minRounds = 3, warmup = 2, onProgress = () => {} } = options;
  const outcomes = racers.map(({ name }): Outcome => ({ name, times: [] }));
  const running = new Set<number>();
  const attempt = async (i: number, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      outcomes[i]!.error = error instanceof Error ? error.message : String(error);
      running.delete(i);
    }
  };
  try {
    for (const [i, racer] of racers.entries())
      await attempt(i, async () => {
        onProgress(`validating ${racer.name}`);
        const { remark, ms } = await racer.prepare();
        outcomes[i]!.validation = remark;
        for (let w = 0; w < warmup && ms < 1000; w++) await racer.run();
        running.add(i);
      });
    for (let round = 0; round < rounds && running.size > 0; round++) {
      onProgress(`round ${round + 1}`);
      for (let turn = 0; turn < racers.length; turn++) {
        const i = (turn + round) % racers.length;
        if (!running.has(i)) continue;
        const { times } = outcomes[i]!;
        await attempt(i, async () => {
          const ms = await racers[i]!.run();
          times.push(ms);
          if (sum(times) > budgetMs && (times.length >= minRounds || ms > budgetMs)) running.delete(i);
        });
      }
    }
  } finally {
    for (const racer of racers) racer.stop();
  }
  return outcomes;
}

/** Sum of the values; 0 for none. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The middle value, the mean of the two middle ones for an even count; NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest value; NaN for none. */
export function best(values: readonly number[]): number {
  return values.length > 0 ? Math.min(...values) : NaN;
}

/**
 * How many times faster than the fastest of `peers` a contender is: the smallest peer median over its own median.
 * NaN where it or every peer has no timing.
 */
export function ratio(times: readonly number[], peers: readonly (readonly number[])[]): number {
  const medians = peers.map(median).filter((value) => !Number.isNaN(value));
  return medians.length > 0 ? Math.min(...medians) / median(times) : NaN;
}
