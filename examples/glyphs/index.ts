// npm run example:glyphs [-- options]: learns to cluster rendered characters, and clusters characters that it has never seen.
import { NdArray } from "constella";
import { ClassSets, loadLabels, loadMatrix } from "constella/data";
import { run } from "constella/commands";
import { dataFile, smallNetwork, studyProgram, type StudyOptions, type UnseenStudy } from "../unseen/study";

const FILE = "glyphs.npz";
/** Pictures in a set. */
const LENGTH = 20;

async function glyphs(options: StudyOptions): Promise<UnseenStudy> {
  const images = await dataFile(options, FILE, (path) => loadMatrix(path, { array: "images" }));
  const { labels } = await dataFile(options, FILE, (path) => loadLabels(path, { array: "labels" }));
  const [n, height, width] = images.shape as [number, number, number];
  const provider = new ClassSets(new NdArray(images.data, [n, 1, height, width]), labels, {
    ...{ kMax: 5, affine: [2 / 255, -1], replacement: false, seed: options.seed },
    shares: [0.8, 0.1, 0.1],
  });
  const { train, validation, test } = provider.classes;
  return {
    title: "Characters never seen",
    lead: "A network that learned on some characters in many fonts which pictures belong together, on characters that it has never seen.",
    origin: `${n} rendered pictures of ${height} × ${width} pixels, ${new Set(labels).size} characters in 40 fonts each: ${train.length} characters to train on, ${validation.length} for validation, ${test.length} for the test. No picture is twice in a set.`,
    provider,
    tests: [{ id: "unseen", title: "Characters never seen", provider, part: "test" }],
    model: smallNetwork(LENGTH),
    fit: { iterations: 3000, batchSize: 24, length: LENGTH, validationSets: 96 },
  };
}

await run(
  studyProgram("glyphs", "trains a network to cluster characters and measures it on characters never seen", glyphs),
);
