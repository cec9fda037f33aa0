// The methods of the playground as the page shows them: forms made of the schemas of the library's methods, and one model that was trained before.
import {
  choice,
  clustersRule,
  integer,
  kindOf,
  loadMethod,
  METHODS,
  optionsOf,
  positive,
  spell,
} from "constella/methods";
import type { AnyMethod, Kind, MethodEntry, OptionSpec } from "constella/methods";
import type { CubeAs, DataSummary } from "./protocol";

/** Values of a method's options by name; those that are left empty are not among them. */
export type Values = Readonly<Record<string, unknown>>;

/** An option of a method, as a field of the form. */
export interface Field {
  readonly name: string;
  readonly label: string;
  /** Below the field. */
  readonly hint?: string;
  readonly kind: Kind;
  /** What stands in the field; a field may be empty where the method chooses by itself. */
  readonly value?: unknown;
  /** What the method chooses, in words. */
  readonly placeholder?: string;
  /** Shown under "More options". */
  readonly more?: boolean;
}

/** A method of the playground. */
export interface MethodForm {
  readonly title: string;
  /** One sentence on what it does and where it comes from. */
  readonly summary: string;
  readonly fieldsFor: (data: DataSummary) => readonly Field[];
}

/** The model of points that was trained before. */
export const LEARNED = "learned";

/** Names and titles of what can be chosen, before anything of it is loaded. */
export const TITLES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(METHODS).map(([name, { title }]: [string, MethodEntry]) => [name, title])),
  [LEARNED]: "Learned clustering",
};

/** Whether the page can run a method: it clusters rows or pictures without being shown classes. */
export const clusters = ({ takes, target, clusters }: AnyMethod): boolean =>
  (takes.includes("rows") || takes.includes("images")) && target !== "needed" && clusters !== "none";

/** Options that are asked first; all others stand under "More options". */
const FIRST = new Set(["nClusters", "nInit", "eps", "minSamples", "pretrainEpochs", "epochs", "network", "points"]);

/** Labels where an option's name in words says too little. */
const LABELS: Readonly<Record<string, string>> = {
  ...{ nClusters: "Clusters", nInit: "Restarts", eps: "Radius of a neighbourhood", maxIter: "Iterations at most" },
  ...{ minSamples: "Neighbours of a core point", pretrainEpochs: "Passes before clustering", epochs: "Passes" },
};

/** Clusters that can be asked for. */
const MOST_CLUSTERS = 1000;

const SEED = kindOf(integer(0));

/** What of a cube is clustered, whatever the method. */
const CUBE_FIELDS: readonly Field[] = [
  { name: "as", label: "Items", kind: kindOf(choice<CubeAs["as"]>("pixels", "superpixels")), value: "pixels" },
  {
    ...{ name: "superpixels", label: "Superpixels", kind: kindOf(integer(1)), value: 1000 },
    hint: "that are aimed at, where they are the items",
  },
  {
    ...{ name: "superpixelCompactness", label: "Compactness of superpixels", kind: kindOf(positive), value: 0.1 },
    ...{ hint: "weight of the place against the colour", more: true },
  },
];

/** What a method that segments a field asks of it. */
const FIELD_FIELDS: readonly Field[] = [
  {
    ...{ name: "tileSize", label: "Side of the tiles", kind: kindOf(integer(1, 8192)), more: true },
    ...{ placeholder: "32, of smaller fields their shorter side", hint: "that are taken at a time, in pixels" },
  },
];

/** Whether the fields are of a method that takes a cube as one field. */
export const segmentsField = (fields: readonly Field[]): boolean => fields.some(({ name }) => name === "tileSize");

/** Values of a form as those of a method, and what of a cube is clustered. */
export function splitValues(
  values: Values,
  kind: DataSummary["kind"],
  fields: readonly Field[],
): { values: Values; cube?: CubeAs } {
  const { as, superpixels, superpixelCompactness, tileSize, ...rest } = values;
  if (kind !== "cube") return { values };
  if (segmentsField(fields)) return { values: rest, cube: { as: "tiles", tileSize } as CubeAs };
  const asked = as === "superpixels" ? { superpixels, superpixelCompactness } : {};
  return { values: rest, cube: { as, ...asked } as CubeAs };
}

/** Names of the fields that stay when another method is chosen. */
export const KEPT_FIELDS: readonly string[] = [...CUBE_FIELDS, ...FIELD_FIELDS].map(({ name }) => name);

const CLUSTERS_HINT = "or 2..12, or auto: each number is tried on the data and on ten sets without clusters";

/** An option's name as the page has it. */
export const labelOf = (name: string): string => {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return LABELS[name] ?? `${words[0]!.toUpperCase()}${words.slice(1)}`;
};

const clusterCount = ({ classes, kind, n }: DataSummary): number =>
  Math.min(n, classes ? classes.length : { points: 4, images: 10, cube: 6, table: 3 }[kind]);

const widthOf = ({ itemShape }: DataSummary): number => itemShape.reduce((product, size) => product * size, 1);

/** Passes over n items in about so many steps of a batch. */
const passes = (steps: number, n: number, batch: number, least: number): number =>
  Math.max(least, Math.min(60, Math.round(steps / Math.ceil(n / batch))));

/** Values with which clusters are seen within a minute or so, by the option's name; others keep the library's defaults. */
function quick(method: AnyMethod, data: DataSummary): Values {
  const names = new Set(optionsOf(method).map(([name]) => name));
  const [n, width] = [data.n, widthOf(data)];
  const isAutoencoder = names.has("pretrainEpochs");
  const steps = Math.ceil(n / 256);
  return {
    nInit: 4,
    eps: n <= 10_000 ? "stable" : "knee", // searched for without labels

    ...(isAutoencoder && {
      ...{ layers: width > 16 ? [width, 256, 256, 1000, 10] : [width, 64, 64, 128, 4], layerEpochs: 0 },
      ...{ pretrainEpochs: passes(700, n, 256, 3), epochs: passes(1500, n, 256, 5), target: "batch" },
      ...{ updateInterval: Math.max(10, Math.min(100, steps)), tolerance: 2e-3 },
    }),
    ...(names.has("network") && {
      ...{ epochs: passes(1500, n, 128, 5), batchSize: 128, statisticsBatches: 8, learningRate: 0.01 },
      ...{ channels: 8, hidden: 128, blocks: Math.min(...data.itemShape.slice(-2)) >= 8 ? 2 : 1, components: 32 },
      ...(data.kind !== "images" && { layers: [width, 128, 64] }),
      ...(n < 5000 && { clusterInterval: 2 }),
    }),
  };
}

/** The form of a method of the library. */
function formOf(method: AnyMethod): MethodForm {
  const { title, summary, paper, clusters, takes } = method;
  const field = (name: string, spec: OptionSpec, value: unknown): Field => ({
    ...{ name, label: labelOf(name), hint: spec.help, kind: kindOf(spec.rule), more: !FIRST.has(name) },
    ...(value !== undefined && { value }),
    ...(spec.unset !== undefined && { placeholder: spec.unset }),
  });
  return {
    title,
    summary: `${summary[0]!.toUpperCase()}${summary.slice(1)}. ${paper}.`,
    fieldsFor: (data) => {
      const values = quick(method, data);
      const isField = data.kind === "cube" && takes.includes("field") && !takes.includes("rows");
      const { n, itemShape } = data;
      const suited = isField ? (method.suit?.({ n, itemShape, bytes: false, field: true }, {}) as Values) : {};
      const own = optionsOf(method)
        .filter(([, { single }]) => !(isField && single))
        .map(([name, spec]) =>
          field(name, spec, values[name] ?? ("default" in spec ? (suited[name] ?? spec.default) : undefined)),
        );
      const told = clusters === "given" || clusters === "either";
      return [
        ...(data.kind === "cube" ? (isField ? FIELD_FIELDS : CUBE_FIELDS) : []),
        ...(told
          ? [
              {
                ...{ name: "nClusters", label: "Clusters" },
                ...(isField
                  ? { kind: kindOf(integer(1, MOST_CLUSTERS)), value: 3 }
                  : { kind: kindOf(clustersRule(MOST_CLUSTERS)), value: clusterCount(data), hint: CLUSTERS_HINT }),
              },
            ]
          : []),
        ...own,
        { name: "seed", label: "Seed", kind: SEED, value: 0, more: true },
      ];
    },
  };
}

const LEARNED_FORM: MethodForm = {
  title: TITLES[LEARNED]!,
  summary:
    "A network that was trained on sets of 72 points in one to five blobs, moons and rings says how many clusters there are, and whose each point is.",
  fieldsFor: ({ n }) => [
    {
      ...{
        name: "points",
        label: "Points that it looks at",
        kind: kindOf(integer(1, 10_000)),
        value: Math.min(n, 300),
      },
      hint: "at random; the others take the cluster of the nearest. Fewer than 150 show curves with gaps",
    },
    { name: "seed", label: "Seed", kind: SEED, value: 0, more: true },
  ],
};

/** Loads the form of a method. */
export async function loadForm(name: string): Promise<MethodForm> {
  return name === LEARNED ? LEARNED_FORM : formOf(await loadMethod(name));
}

/** A value as a field shows it. */
export const shownValue = (value: unknown): string => (value === undefined ? "" : spell(value));
