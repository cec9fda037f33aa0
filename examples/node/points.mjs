// node points.mjs FILE.csv: points in four groups in the plane, with the group of each as the last column.
import { writeFile } from "node:fs/promises";
import { Random } from "constella";
import { writeCsv } from "constella/data";

const [file = "points.csv"] = process.argv.slice(2);
const CENTRES = [[0, 0], [5, 0], [0, 5], [5, 5]]; // prettier-ignore

const random = new Random(1);
const groups = Int32Array.from({ length: 400 }, (_, i) => i % CENTRES.length);
const points = Array.from(groups, (group) => CENTRES[group].map((centre) => centre + random.normal()));
await writeFile(file, writeCsv(points, { columns: ["x", "y"], labels: groups, labelName: "group" }));
console.log(`${file}: ${points.length} points`);
