import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { buildWasm, writeKernelTypes } from "./scripts/build.mjs";
import { entryAliases } from "./scripts/entries.mjs";
import { vitePlugin } from "./scripts/plugin.mjs";
import { gpuEnvironment } from "./scripts/runtimes/vulkan.mjs";

await Promise.all([writeKernelTypes(), buildWasm()]); // when their sources changed
Object.assign(process.env, await gpuEnvironment()); // before the workers start: the loader reads it once

/** The files that take longest, in this order first, so that no processor waits for another in the end; the others by their sizes. */
const LONGEST = [
  ...["documents", "killed", "package", "pages", "conformance-images", "streams", "conformance", "segmentation"],
  ...["conv-clustering", "train", "cubes", "gamma-hadron", "files", "ops", "special", "cluster", "vgg", "stamps"],
  ...["choose-k", "vade", "commands", "use"],
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.indexOf(basename(moduleId, ".test.ts"));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  plugins: [vitePlugin()],
  resolve: { alias: entryAliases() },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    isolate: false, // see test/devices.ts
    sequence: { sequencer: LongestFirst },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    chaiConfig: { truncateThreshold: 0 }, // messages are compared, and shown whole
    setupFiles: ["test/setup.ts"],
  },
});
