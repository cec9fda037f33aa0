// The worker of the kernel's page: compiles, checks and times what the user wrote. A kernel that never ends hangs this worker, not the page.
import { empty, parameter, Random, requestDevice } from "constella";
import type { Device, Tensor } from "constella";
import { gpuDeviceOf, IN_ONE_SUBMIT, Stopwatch } from "../shared/stopwatch";
import { checkGradients } from "./check";
import { compileWgsl } from "./compile";
import { evaluateList } from "./expression";
import { declarations, makeOp, parseSizes, type Declared } from "./op";
import type { KernelAnswer, KernelRequest, KernelSpec, SideTiming } from "./protocol";

const scope = self as unknown as {
  postMessage(answer: KernelAnswer): void;
  onmessage: ((event: MessageEvent<KernelRequest>) => void) | null;
};
const tell = (answer: KernelAnswer): void => scope.postMessage(answer);

const device: Promise<Device | undefined> = requestDevice("webgpu", IN_ONE_SUBMIT).then(
  (made) => {
    tell({ type: "device", description: made.description });
    return made;
  },
  (error: unknown) => {
    tell({ type: "nothing", message: (error as Error).message });
    return undefined;
  },
);

async function compile(gpu: GPUDevice, spec: KernelSpec): Promise<Declared | undefined> {
  const sides = [{ name: spec.name, code: spec.forward.code }];
  if (spec.backward) sides.push({ name: `${spec.name}_backward`, code: spec.backward.code });
  const results: { text: string; ok: boolean }[] = [];
  for (const { name, code } of sides) results.push(await compileWgsl(gpu, name, code)); // in turn: error scopes are a stack
  const compiles = results.every(({ ok }) => ok);
  const { declared, problems } = compiles ? declarations(spec) : { declared: undefined, problems: [] };
  const text = [...results.map((result) => result.text), ...problems].filter((part) => part !== "").join("\n\n");
  const ok = compiles && problems.length === 0;
  tell({ type: "compiled", problems: text, ok });
  return ok ? declared : undefined;
}

/** Both kernels at the larger sizes. */
async function time(
  made: Device,
  spec: KernelSpec,
  declared: Declared,
  sizes: Record<string, number>,
): Promise<SideTiming[]> {
  const op = makeOp(spec, declared, sizes);
  const stopwatch = new Stopwatch(made);
  const random = new Random(5);
  const [low, high] = rangeOf(spec);
  const tensors: Record<string, Tensor> = {};
  try {
    for (const [name, shape] of Object.entries(op.shapes)) {
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      random.fillUniform(values, low, high);
      tensors[name] = parameter(made, values, shape);
      tensors[`d${name}`] = empty(made, shape);
    }
    const timings: SideTiming[] = [];
    for (const side of ["forward", "backward"] as const) {
      const declaration = declared[side];
      if (!declaration) continue;
      const timing = await stopwatch.time(() => op[side](tensors));
      const bytes = declaration.bindings.reduce((total, { name }) => total + 4 * tensors[name]!.size, 0);
      timings.push({ side, ...timing, gbytes: bytes / timing.ms / 1e6 });
    }
    return timings;
  } finally {
    for (const tensor of Object.values(tensors)) tensor.dispose();
  }
}

function rangeOf({ range }: KernelSpec): readonly [number, number] {
  const [low, high] = evaluateList(range, {});
  if (low === undefined || high === undefined || !(low < high))
    throw new Error(`range: two numbers, the smaller first, “${range}”`);
  return [low, high];
}

async function serve({ type, spec }: KernelRequest): Promise<void> {
  const made = await device;
  if (!made) return;
  const declared = await compile(gpuDeviceOf(made)!, spec);
  if (type === "compile" || !declared) return tell({ type: "done" });
  const sizes = parseSizes(spec.sizes);
  tell({ type: "at", text: "checking the gradient" });
  const checked = await checkGradients(made, declared, makeOp(spec, declared, sizes.check), rangeOf(spec));
  tell({ type: "checked", ...checked });
  tell({ type: "at", text: "timing" });
  tell({ type: "timed", timings: await time(made, spec, declared, sizes.timed) });
  tell({ type: "done" });
}

let queue: Promise<void> = Promise.resolve();
scope.onmessage = ({ data }) => {
  queue = queue
    .then(() => serve(data))
    .catch((error: unknown) => tell({ type: "error", message: (error as Error).message }));
};
