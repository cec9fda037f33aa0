import cliProgress from "cli-progress";
import type { StepReport } from "../lifecycle/progress";

/** Where a stage of the work stands. */
export interface StageProgress {
  readonly stage: string;
  /** Of `total`, in any unit. */
  readonly done: number;
  readonly total: number;
  /** Whether it may end before. */
  readonly mayEnd?: boolean | undefined;
  /** Shown behind the bar: loss, accuracy, … */
  readonly figures?: Readonly<Record<string, number>>;
}

/** Where a training stands among all its steps, with its loss where there is one; under another name and with further figures where they are given. */
export const stepProgress = (
  { stage, epoch, epochs, step, steps, loss, mayEnd }: StepReport,
  shown: { readonly stage?: string; readonly figures?: StageProgress["figures"] } = {},
): StageProgress => ({
  stage: shown.stage ?? stage,
  done: (epoch - 1) * steps + step,
  ...{ total: epochs * steps, mayEnd },
  figures: { ...(Number.isFinite(loss) && { loss }), ...shown.figures },
});

/** Between two lines where no bars can be drawn. */
const LINE_EVERY_MS = 5000;
/** A pass over rows where nothing else is shown. */
const READING = "reading";
const NAME_WIDTH = 16;

/** What progress is written to: `process.stderr` and its like; where it is a terminal, bars are drawn. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Writes text as it is. */
  write(text: string): unknown;
}

/** Shows long work stage by stage: bars on a terminal, elsewhere a line now and then and one at each stage's end. */
export class ProgressDisplay {
  readonly #stream: ProgressStream | null;
  #bar: cliProgress.SingleBar | undefined;
  #last: StageProgress | undefined;
  #begin = { time: 0, done: 0 };
  /** A pass over rows that a step is made of. */
  #pass: { readonly done: number; readonly total: number; readonly begin: { time: number; done: number } } | undefined;
  #time = 0;
  #lineTime = 0;
  #shown = "";

  /** @param stream where to; null: nowhere */
  constructor(stream: ProgressStream | null = process.stderr) {
    this.#stream = stream;
  }

  /** A stage of another name than before begins a new bar. */
  update(progress: StageProgress): void {
    if (!this.#stream) return;
    const now = performance.now();
    if (this.#last?.stage !== progress.stage) {
      this.stop();
      this.#begin = { time: now, done: progress.done };
      this.#lineTime = now;
      if (this.#stream.isTTY) this.#bar = this.#start(progress, this.#stream);
    }
    this.#time = now;
    this.#pass = undefined;
    this.#last = { ...progress, figures: { ...this.#last?.figures, ...progress.figures } };
    this.#show(now);
  }

  /** So many rows of a pass over all of them have come: a stage of its own, or what the step of a stage that is under way waits for. */
  reading(done: number, total: number): void {
    if (!this.#stream) return;
    const last = this.#last;
    if (last && last.stage !== READING && last.done < last.total) {
      const now = performance.now();
      const before = this.#pass && this.#pass.done <= done ? this.#pass.begin : { time: now, done };
      this.#pass = { done, total, begin: before };
      return this.#show(now);
    }
    if (last?.stage === READING && done < last.done) this.stop();
    this.update({ stage: READING, done, total });
    if (done === total) this.stop();
  }

  /** A line of text; bars go on below it. */
  note(text: string): void {
    const last = this.#last;
    this.stop();
    this.#stream?.write(`${text}\n`);
    this.#last = undefined;
    if (last && last.done < last.total) this.update(last);
  }

  /** Ends the bar of the stage at work, which stays on the screen. */
  stop(): void {
    this.#bar?.stop();
    if (this.#last && !this.#bar) this.#line(this.#time);
    this.#bar = undefined;
    this.#last = undefined;
    this.#pass = undefined;
  }

  #show(now: number): void {
    if (this.#bar) this.#bar.update(this.#last!.done, { detail: this.#detail(now) });
    else if (now - this.#lineTime > LINE_EVERY_MS) this.#line(now);
  }

  #start({ stage, done, total }: StageProgress, stream: ProgressStream): cliProgress.SingleBar {
    const bar = new cliProgress.SingleBar({
      format: `${stage.padEnd(NAME_WIDTH)} {bar} {percentage} %  {detail}`,
      stream: stream as NodeJS.WriteStream, // a terminal is one
      barsize: 24,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      linewrap: false,
      gracefulExit: false, // Ctrl-C is handled by the command
    });
    bar.start(total, done, { detail: "" });
    return bar;
  }

  #line(now: number): void {
    const { stage, done, total } = this.#last!;
    const text = `${stage.padEnd(NAME_WIDTH)} ${String(Math.floor((100 * done) / total)).padStart(3)} %  ${this.#detail(now)}`;
    if (text !== this.#shown) this.#stream?.write(`${text}\n`);
    this.#shown = text;
    this.#lineTime = now;
  }

  #detail(now: number): string {
    const { done, total, mayEnd, figures = {} } = this.#last!;
    const parts = Object.entries(figures).map(([name, value]) => `${name} ${formatFigure(value)}`);
    const left = timeLeft(this.#begin, { time: this.#time, done, total });
    if (left !== undefined) parts.push(`${mayEnd ? "at most " : ""}${clock(left)} left`);
    else if (done >= total) parts.push(clock((this.#time - this.#begin.time) / 1000));
    if (this.#pass) {
      const ofPass = timeLeft(this.#pass.begin, { time: now, ...this.#pass });
      const share = `${READING} ${Math.floor((100 * this.#pass.done) / this.#pass.total)} %`;
      parts.push(ofPass === undefined ? share : `${share}, ${clock(ofPass)} left`);
    }
    return parts.join("  ");
  }
}

/** Seconds that are left of what has come so far since it was begun; undefined where that tells nothing yet, or no more. */
function timeLeft(
  begin: { readonly time: number; readonly done: number },
  { time, done, total }: { readonly time: number; readonly done: number; readonly total: number },
): number | undefined {
  const elapsed = (time - begin.time) / 1000;
  const left = (elapsed * (total - done)) / (done - begin.done);
  return done < total && elapsed > 1 && Number.isFinite(left) ? left : undefined;
}

/** Minutes and seconds: 1:07. */
const clock = (seconds: number): string =>
  `${Math.floor(Math.ceil(seconds) / 60)}:${String(Math.ceil(seconds) % 60).padStart(2, "0")}`;

const formatFigure = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(4);
