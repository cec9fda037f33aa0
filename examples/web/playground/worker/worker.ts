// The worker of the playground: reads data, trains, and tells the page how things stand. Nothing here talks to a network but for the page's own files.
import { DeviceError, NdArray, requestDevice } from "constella";
import type { Device } from "constella";
import { fromCube, fromPoints, fromStamps, readFiles, type Dataset } from "./dataset";
import { Current, type Place } from "./current";
import { hold, leave } from "./devices";
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

/** Chosen for the runs to come. */
let device: Promise<Device> | undefined;
let dataset: Dataset | undefined;
let looked: LookedAt | undefined;
/** What the page shows, and the device that it stays on until another run begins or other data come. */
let current: Current | undefined;

/** Ends the run that is there. */
function drop(): void {
  // a device that has failed has nothing left to free
  void current?.end().catch((error: unknown) => void (error instanceof DeviceError || fail(error, "run")));
  current = undefined;
}

/** Does something with the run that is there, whose device stays meanwhile. @throws where there is none */
async function withRun(use: (run: Run) => Promise<void>): Promise<void> {
  if (!current) throw new Error("there is no run, start one");
  await current.use(use);
}

function computeOn(name: DeviceName, later = false): Promise<Device> {
  const made = hold(requestDevice(name === "auto" ? undefined : name));
  if (device) leave(device);
  device = made;
  void made.then(
    ({ description }) => tell({ type: "device", description, later }),
    (error: unknown) => fail(error, "device"),
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
  drop();
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

/** Tells what the run is on. */
function tellPlace({ on }: Place): void {
  void on.then(
    ({ description }) => tell({ type: "device", description, later: false }),
    () => undefined, // told by computeOn
  );
}

async function start(method: string, values: Values, scale: Scale, as?: CubeAs): Promise<void> {
  if (!dataset || !looked) throw new Error("start: there are no data yet");
  drop();
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
  const place: Place = { on: hold(device ?? computeOn("auto")) };
  try {
    const replace: Task["replaceDevice"] = (error) => {
      if (current?.place !== place) throw error; // it is over, and what has failed is nothing that goes on
      leave(place.on);
      place.on = hold(replaceDevice(error, ", from the last checkpoint."));
      return place.on;
    };
    const { rows, x: some } = looked.sample;
    const task = {
      x,
      sample: scaled(some, scaling),
      rows,
      values,
      device: await place.on,
      places: !cube,
      field: cube?.field,
      replaceDevice: replace,
    };
    const session = await sessionOf(method, task);
    const run = new Run({ data: dataset, looked, task, method, session, scaling, device: () => place.on, tell });
    drop(); // another one that was asked for while this one was made ready
    current = new Current(run, session, place);
    tellPlace(place);
  } catch (error) {
    leave(place.on);
    throw error;
  }
  await withRun((run) => run.go());
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
      await computeOn(request.device, current !== undefined);
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
      return current?.run.stop();
    case "resume":
      return withRun((run) => run.go());
    case "traverse":
      return withRun((run) => run.traverse(request.value));
    case "layout":
      return withRun((run) => run.layout(request.name));
    case "save":
      return withRun((run) => run.save(request.what));
    case "charts":
      return (await import("./sky/report")).chartsDrawn(request.texts);
    case "predict":
      return withRun(async (run) => run.predict(await contentsOf(request.files)));
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
  ...{
    device: "device",
    files: "data",
    points: "data",
    sample: "data",
    save: "save",
    predict: "predict",
    layout: "view",
  },
  ...{ region: "data", stamps: "save", tile: "data" },
};

scope.onmessage = ({ data }) => void serve(data).catch((error) => fail(error, ABOUT[data.type] ?? "run"));
