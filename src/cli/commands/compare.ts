import { Command } from "commander";
import { loadLabels } from "../../data/formats/files";
import { compareClusterings, type ComparedPair } from "../../metrics";

const COLUMNS = { ri: "RI", ari: "ARI", ami: "AMI", v: "V", nmi: "NMI" } as const;

/** `constella compare A B …`: how far clusterings of the same items agree with each other and with known classes. */
export function compareCommand(print: (text: string) => void): Command {
  return new Command("compare")
    .description("how far clusterings agree with each other, pair by pair: RI, ARI, AMI, V, NMI (geometric)")
    .argument("<clusterings...>", "labels of the same items: npy, npz, idx (also .gz) or CSV")
    .option("--labels <FILE>", "known classes, compared with each of them first")
    .option("--json", "print one JSON object")
    .action(async (paths: string[], { labels, json }: { labels?: string; json?: boolean }) => {
      const files = labels === undefined ? paths : [labels, ...paths];
      if (files.length < 2) throw new Error("compare: two clusterings are needed, or one and --labels");
      if (new Set(files).size < files.length) throw new Error("compare: each file can be given once");
      const clusterings: Record<string, Int32Array> = {};
      for (const path of files) {
        const { labels: read } = await loadLabels(path);
        const first = clusterings[files[0]!] ?? read;
        if (read.length !== first.length)
          throw new Error(`${path} has ${read.length} labels, ${files[0]!} has ${first.length}`);
        if (read.length === 0) throw new Error(`${path} has no labels`);
        clusterings[path] = read;
      }
      const pairs = compareClusterings(clusterings);
      const sizes = files.map((file) => ({ file, clusters: new Set(clusterings[file]).size }));
      if (json) return print(JSON.stringify({ n: clusterings[files[0]!]!.length, clusterings: sizes, pairs }, null, 2));
      for (const line of tableOf(pairs)) print(line);
    });
}

function tableOf(pairs: readonly ComparedPair[]): string[] {
  const width = (key: "a" | "b"): number => Math.max(...pairs.map((pair) => pair[key].length));
  const [a, b] = [width("a"), width("b")];
  const names = Object.entries(COLUMNS) as [keyof typeof COLUMNS, string][];
  const head = [" ".repeat(a), " ".repeat(b), ...names.map(([, name]) => name.padStart(9))].join("  ");
  return [
    head,
    ...pairs.map((pair) =>
      [pair.a.padEnd(a), pair.b.padEnd(b), ...names.map(([key]) => pair[key].toFixed(6).padStart(9))].join("  "),
    ),
  ];
}
