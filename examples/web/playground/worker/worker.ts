// The worker of the playground: reads data, trains, and tells the page how things stand. Nothing here talks to a network but for the page's own files.
import { DeviceError, NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { fromCube, fromPoints, fromStamps, readFiles, type Dataset } from "./dataset";
import { LAYOUTS } from "../layouts";
import { lookedAt, planeOf, type LookedAt } from "./looked";
import { contentsOf, openFiles } from "./open-files";
import type { Values } from "../methods";
import type { About, Answer, CubeAs, DeviceName, Request, Scale, Taken } from "../protocol";
import { Run } from "./run";
import { POINT_SETS } from "./samples";
import { scaled, scaledSource, scalingOf, usualScale } from "./shown";
import type { Task } from "./session";
import { sessionOf } from "./sessions";
import digitsUrl from "../../../../test/fixtures/digits_8x8.npz?url";

const scope = self as unknown as {
  postMessage(message: Answer, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<Request>) => void) | null;
};
const tell = (answer: Answer, transfer: Transferable[] = []): void => scope.postMessage(answer, transfer);

let device: Promise<Device> | undefined;
let dataset: Dataset | undefined;
let looked: LookedAt | undefined;
let current: Run | undefined;

function computeOn(name: DeviceName): Promise<Device> {
  const before = device;
  const made = requestDevice(name === "auto" ? undefined : name);
  device = made;
  void before?.then(
    (old) => old.destroy(),
    () => undefined,
  );
  void made.then(
    ({ description }) => tell({ type: "device", description }),
    (error: unknown) => fail(error, "run"),
  );
  return made;
}

/** WebAssembly in place of a device that has failed. */
function replaceDevice(error: Error, after: string): Promise<Device> {
  tell({ type: "warning", message: `${error.message.split(";")[0]}. WebAssembly takes its place${after}` });
  return computeOn("wasm");
}

const open = (files: readonly File[], taken?: Taken): Promise<Dataset> =>
  openFiles(files, (share) => tell({ type: "reading", share }), taken);

/** Takes over a data set and shows it. */
async function show(next: Dataset): Promise<void> {
  current?.end();
  current = undefined;
  if (dataset?.cube?.sky !== next.cube?.sky) dataset?.cube?.sky.close();
  dataset = next;
  looked = lookedAt(next);
  const seen = await next.cube?.picture();
  const [plane, transfer] = planeOf(next, looked.all);
  const answer = { type: "data", summary: next.summary, plane, scale: usualScale(next.summary) } as const;
  if (!seen) return tell(answer, transfer);
  const { height, width } = next.cube!.sky.source;
  tell({ ...answer, sky: { ...seen, box: { x: 0, y: 0, height, width } } }, [...transfer, seen.picture.bitmap]);
}

async function start(method: string, values: Values, scale: Scale, as?: CubeAs): Promise<void> {
  if (!dataset || !looked) throw new Error("start: there are no data yet");
  current?.end();
  if (dataset.cube && as) {
    dataset = fromCube(await dataset.cube.with(as));
    looked = lookedAt(dataset);
    const [plane, transfer] = planeOf(dataset, looked.sample);
    tell({ type: "plane", plane }, transfer);
  }
  const { cube } = dataset;
  const source = cube?.streamed?.source;
  const scaling = await scalingOf(source ?? dataset.x, cube?.field ? "none" : scale);
  const x = source ? scaledSource(source, scaling) : scaled(dataset.x, scaling);
  const on = await (device ?? computeOn("auto"));
  const replace: Task["replaceDevice"] = (error) => replaceDevice(error, ", from the last checkpoint.");
  const { rows, x: some } = looked.sample;
  const task = {
    x,
    sample: scaled(some, scaling),
    rows,
    values,
    device: on,
    places: !cube,
    field: cube?.field,
    replaceDevice: replace,
  };
  const session = await sessionOf(method, task);
  current = new Run({ data: dataset, looked, task, method, session, scaling, device: () => device!, tell });
  await current.go();
}

async function sample(name: string): Promise<void> {
  const points = POINT_SETS[name];
  if (points) {
    const { x, truth } = points();
    return show(fromPoints(name, x, truth));
  }
  if (name === "galaxy") return show(await open([(await import("./sky/open")).galaxyFile()]));
  const bytes = await (await fetch(digitsUrl)).arrayBuffer();
  return show(await readFiles([{ name: "digits.npz", bytes }]));
}

function fail(error: unknown, about: About): void {
  tell({ type: "error", message: error instanceof Error ? error.message : String(error), about });
  if (error instanceof DeviceError) void replaceDevice(error, "; start again.").catch(() => undefined); // told by computeOn
}

async function serve(request: Request): Promise<void> {
  switch (request.type) {
    case "device":
      current?.end();
      current = undefined;
      await computeOn(request.device);
      return;
    case "files":
      return show(await open(request.files, request.taken));
    case "points":
      return show(fromPoints("drawn points", new NdArray(request.xy, [request.xy.length / 2, 2])));
    case "sample":
      return sample(request.name);
    case "start":
      return start(request.method, request.values, request.scale, request.cube);
    case "stop":
      return current?.stop();
    case "resume":
      return current?.go();
    case "traverse":
      return current?.traverse(request.value);
    case "layout":
      if (!current) throw new Error(`${LAYOUTS[request.name]}: the run is gone with its device, start one`);
      return current.layout(request.name);
    case "save":
      return current?.save(request.what);
    case "charts":
      return (await import("./sky/report")).chartsDrawn(request.texts);
    case "predict":
      return current?.predict(await contentsOf(request.files));
    case "stamps":
      return dataset?.cube && show(fromStamps(dataset.cube.stamps()));
    case "region": {
      const region = await dataset?.cube?.region(request.x, request.y);
      const pictures = [region?.border, region?.stamp].flatMap((picture) => (picture ? [picture.bitmap] : []));
      return region && tell({ type: "region", region }, pictures);
    }
    case "tile": {
      const tile = await dataset?.cube?.tile(request.box, request.most);
      return (
        tile &&
        tell(
          { type: "tile", tile },
          [tile.composite, ...(tile.labels ? [tile.labels] : [])].map((of) => of.bitmap),
        )
      );
    }
  }
}

const ABOUT: Readonly<Partial<Record<Request["type"], About>>> = {
  ...{ files: "data", points: "data", sample: "data", save: "save", predict: "predict", layout: "view" },
  ...{ region: "data", stamps: "save", tile: "data" },
};

scope.onmessage = ({ data }) => void serve(data).catch((error) => fail(error, ABOUT[data.type] ?? "run"));
