// What stands in for transformers.js, whose models cannot be had here: the same call, and a vector for each text that is the sum of vectors of its words.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const SPORT = `The striker scored twice in the final match of the season
The goalkeeper saved a penalty in the final match
A late goal by the striker won the match for the team
The team lost the season after a penalty in the last match
The coach praised the goalkeeper and the team after the match
The striker missed a penalty and the team lost the match
The coach of the team said the season was a good season
A goal in the first match of the season for the striker
The goalkeeper and the striker won the season for the coach
The match ended without a goal and the coach left the team
The team scored a goal and the goalkeeper saved the match
The coach said the penalty decided the final match`;

const SKY = `The telescope saw a galaxy behind the dust of another galaxy
Astronomers measured the light of a distant star with the telescope
A planet passed before the star and dimmed its light
The dust of the galaxy hides the light of the star
The telescope measured how far the distant galaxy is
Astronomers found a planet near a distant star
The light of the galaxy left the star before the planet was there
The telescope of the astronomers saw the light of a planet
Dust around the star may become a planet
Astronomers saw a distant galaxy with the telescope
The star and its planet move through the dust of the galaxy
The astronomers measured dust and light of a galaxy`;

const KITCHEN = `Bake the bread until the crust is brown and the oven smells of butter
Melt the butter and stir it into the flour
Knead the dough and let the dough rest before you bake it
Add sugar and butter to the dough and bake it in the oven
The oven must be hot before you bake the bread
Stir the flour and the sugar into the butter
Let the bread cool before you cut the crust
Knead butter into the flour until the dough is smooth
Bake the dough in the oven until the crust is brown
Sugar makes the crust of the bread brown in the oven
Mix flour and butter and knead the dough
Melt the sugar with butter and stir until it is brown`;

const PACKAGE = "@huggingface/transformers";

const MODULE = `const DIMENSIONS = 384;
const COMMON = new Set("a the of and in it is its with to for by an as was were be may must let you until before after".split(" "));
function wordVector(word) {
  let state = 2166136261;
  for (const character of word) state = Math.imul(state ^ character.charCodeAt(0), 16777619);
  return Float64Array.from({ length: DIMENSIONS }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0;
    return (state >>> 0) / 2 ** 31 - 1;
  });
}
export async function pipeline(task, model) {
  if (task !== "feature-extraction" || typeof model !== "string") throw new Error("stand-in: " + task);
  return async (texts, { pooling, normalize }) => {
    if (pooling !== "mean" || !normalize) throw new Error("stand-in: mean and normalize");
    const data = new Float32Array(texts.length * DIMENSIONS);
    texts.forEach((text, i) => {
      const sum = new Float64Array(DIMENSIONS);
      for (const word of text.toLowerCase().split(/\\W+/))
        if (word && !COMMON.has(word)) wordVector(word).forEach((value, d) => (sum[d] += value));
      const length = Math.hypot(...sum);
      data.set(sum.map((value) => value / length), i * DIMENSIONS);
    });
    return { data, dims: [texts.length, DIMENSIONS] };
  };
}
`;

const TYPES = `export function pipeline(task: "feature-extraction", model: string): Promise<
  (texts: string[], options: { pooling: "mean"; normalize: boolean }) => Promise<{ data: Float32Array; dims: number[] }>
>;
`;

/** Thirty-six lines of three kinds, and the package that makes vectors of them. */
export async function writeEmbeddings(at: string): Promise<void> {
  const kinds = [SPORT, SKY, KITCHEN].map((text) => text.split("\n"));
  await writeFile(
    join(at, "headlines.txt"),
    `${kinds[0]!.flatMap((_, i) => kinds.map((lines) => lines[i])).join("\n")}\n`,
  );
  const folder = join(at, "node_modules", PACKAGE);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: PACKAGE, type: "module", exports: { types: "./index.d.ts", default: "./index.js" } }),
  );
  await writeFile(join(folder, "index.js"), MODULE);
  await writeFile(join(folder, "index.d.ts"), TYPES);
}
