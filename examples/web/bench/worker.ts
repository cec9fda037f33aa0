// The worker of the bench: records the launches of each workload, checks them, and times each kernel by itself.
import { requestDevice } from "constella";
import type { Device } from "constella";
import { IN_ONE_SUBMIT, Stopwatch } from "../shared/stopwatch";
import type { BenchAnswer, BenchRequest } from "./protocol";
import { Recorder, paramsOf, type Launch } from "./recorder";
import { measureRoof } from "./roof";
import { checkRows, type RowsResult } from "./rows-check";
import { compareLaunch } from "./validate";
import { workOf } from "./work";
import { sizesText } from "./workload";
import { WORKLOADS } from "./workloads";

const scope = self as unknown as {
  postMessage(answer: BenchAnswer): void;
  onmessage: ((event: MessageEvent<BenchRequest>) => void) | null;
};
const tell = (answer: BenchAnswer): void => scope.postMessage(answer);

/** What results are held against: another device, else the library's own tests. */
interface Judge {
  check(launch: Launch, recorder: Recorder): Promise<string>;
}

async function judgeOf(device: Device): Promise<{ judge: Judge; name: string }> {
  const kind = device.type === "wasm" ? "webgpu" : "wasm";
  const other = await requestDevice(kind).catch(() => undefined);
  if (other) {
    const check: Judge["check"] = async (launch, recorder) =>
      `${kind}, within ${(await compareLaunch(device, other, launch, recorder)).toExponential(0)}`;
    return { judge: { check }, name: other.description };
  }
  tell({ type: "at", text: "no second device: running the library’s own tests", share: 0 });
  const rows: Map<string, RowsResult> = await checkRows(device, (share) =>
    tell({ type: "at", text: "no second device: running the library’s own tests", share: share / 10 }),
  );
  const check: Judge["check"] = async ({ kernel }) => {
    const found = rows.get(kernel.name);
    if (!found) throw new Error("no second device to hold it against, and no test of an op that launches it");
    if (found.failure !== undefined) throw new Error(found.failure);
    return `float64, ${found.rows} rows of the tests`;
  };
  return { judge: { check }, name: "float64 references of the tests" };
}

async function bench({ device: type, work }: BenchRequest): Promise<void> {
  const device = await requestDevice(type, IN_ONE_SUBMIT);
  const { judge, name } = await judgeOf(device);
  tell({ type: "device", description: device.description, against: name });
  tell({ type: "at", text: "measuring what the device can do at most", share: 0 });
  tell({ type: "roof", roof: await measureRoof(device) });
  const stopwatch = new Stopwatch(device);
  for (const [number, { name: workload, sizes }] of work.entries()) {
    const at = (kernel: string): void =>
      tell({ type: "at", text: `${workload}: ${kernel}`, share: number / work.length });
    const recorder = new Recorder(device);
    const label = `${workload}, ${sizesText(sizes)}`;
    try {
      at("recording");
      await WORKLOADS.find((candidate) => candidate.name === workload)!.run(recorder, sizes);
      await device.synchronize();
      for (const launch of recorder.launches) {
        at(launch.kernel.name);
        const row = { kernel: launch.kernel.name, workload: label, params: paramsOf(launch) };
        try {
          const validation = await judge.check(launch, recorder);
          const timing = await stopwatch.time(() => device.run(launch.kernel, launch.args));
          const { gflop, gbyte } = workOf(launch, recorder);
          const rates = {
            ...(gflop !== undefined && { gflops: (1e3 * gflop) / timing.ms }),
            gbytes: (1e3 * gbyte) / timing.ms,
          };
          tell({ type: "row", row: { ...row, validation, timing, ...rates } });
        } catch (error) {
          tell({ type: "row", row: { ...row, validation: "failed", error: (error as Error).message } });
        }
      }
    } catch (error) {
      tell({
        type: "row",
        row: { kernel: "–", workload: label, params: "", validation: "failed", error: (error as Error).message },
      });
    } finally {
      recorder.destroy();
    }
  }
  device.destroy();
  tell({ type: "done" });
}

scope.onmessage = ({ data }) =>
  void bench(data).catch((error: unknown) => tell({ type: "error", message: (error as Error).message }));
