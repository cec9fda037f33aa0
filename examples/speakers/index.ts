// npm run example:speakers [-- options]: learns to cluster utterances by speaker, and clusters those of speakers that it has never heard.
import { ClassSets } from "constella/data";
import { run } from "constella/commands";
import { smallNetwork, studyProgram, type StudyOptions, type UnseenStudy } from "../unseen/study";
import { MixedSets } from "./mixed";
import { cut, loadVoices } from "./voices";

/** Steps of 40 ms in an item: 0.96 s. */
const WINDOW = 24;
const LENGTH = 20;
const K_MAX = 5;
/** Where recorded voices come from; each source has its own languages and microphones. */
const TRAIN = ["asterisk", "hedgewars", "klettres"];
const VALIDATION = ["tuxpaint"];
const TEST = ["ktuberling", "fillets"];

async function speakers(options: StudyOptions): Promise<UnseenStudy> {
  const synthetic = await loadVoices(options, "speech_espeak_mel.npz");
  const recorded = await loadVoices(options, "speech_real_mel.npz");
  const scale = { kMax: K_MAX, affine: [2 / 255, -1] } as const;
  const common = { ...scale, window: WINDOW };
  const synthesized = new ClassSets(
    synthetic.mel,
    synthetic.names.map((_, voice) => voice),
    {
      ...common,
      steps: synthetic.steps,
      shares: [0.8, 0.1, 0.1],
      seed: options.seed,
    },
  );
  const voicesOf = (sources: readonly string[]): number[] =>
    recorded.names.flatMap((name, voice) => (sources.some((source) => name.startsWith(source)) ? [voice] : []));
  const every = recorded.names.map((_, voice) => voice);
  const heard = (part: "train" | "validation", sources: readonly string[]): ClassSets =>
    new ClassSets(recorded.mel, every, { ...common, steps: recorded.steps, classes: { [part]: voicesOf(sources) } });
  const provider = new MixedSets({
    // half of the sets synthetic; of the recorded ones a quarter across sources, where channels differ, the rest within one
    train: [
      ...new Array<ClassSets>(TRAIN.length + 1).fill(synthesized),
      ...[TRAIN, ...TRAIN.map((source) => [source])].map((sources) => heard("train", sources)),
    ],
    validation: [synthesized, heard("validation", VALIDATION)],
  });
  const { windows, labels } = cut(recorded, WINDOW);
  const supply = (voice: number): number => labels.filter((label) => label === voice).length;
  const unheard = (sources: readonly string[]): ClassSets =>
    new ClassSets(windows, labels, {
      ...{ ...scale, replacement: false },
      classes: { test: voicesOf(sources).filter((voice) => supply(voice) >= LENGTH) },
    });
  const within = unheard(TEST.slice(0, 1));
  const across = unheard(TEST);
  const { train, validation, test } = synthesized.classes;
  return {
    title: "Speakers never heard",
    lead: "A network that learned on some voices which stretches of speech belong together, on voices that it has never heard.",
    origin: `Mel spectrograms of 0.96 s (64 bands, steps of 40 ms). To train on: ${train.length} synthetic voices and ${voicesOf(TRAIN).length} recorded ones (${TRAIN.join(", ")}); for validation ${validation.length} synthetic and ${voicesOf(VALIDATION).length} recorded (${VALIDATION.join(", ")}). Test: recorded voices of ${TEST.join(" and ")} with ${LENGTH} stretches or more, stretches of a set do not overlap; ${test.length} synthetic voices, whose stretches are from random places of 4.8 s and may overlap. Each recorded source has its own languages and microphones, and within it a voice mostly its own language: what tells voices apart is not only the speaker.`,
    provider,
    tests: [
      {
        id: "within",
        title: `Recorded voices of one source, ${within.classes.test.length} voices`,
        provider: within,
        part: "test",
      },
      {
        id: "across",
        title: `Recorded voices of two sources, ${across.classes.test.length} voices`,
        provider: across,
        part: "test",
      },
      { id: "synthetic", title: `Synthetic voices, ${test.length} voices`, provider: synthesized, part: "test" },
    ],
    model: smallNetwork(LENGTH),
    fit: { iterations: 1500, batchSize: 16, length: LENGTH, validationSets: 96 },
  };
}

await run(
  studyProgram(
    "speakers",
    "trains a network to cluster speech by speaker and measures it on voices never heard",
    speakers,
  ),
);
