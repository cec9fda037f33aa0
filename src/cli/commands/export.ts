import { Command } from "commander";
import { writeAtomic } from "../../data/formats/atomic-file";
import { readFile } from "../../data/formats/files";
import { loadModel } from "../../methods";
import { Module } from "../../nn/module";
import { requestDevice } from "../../request-device";
import { savedRun } from "../run/checkpoint";
import { modelFile } from "../run/folder";

const SUMMARY = "write the encoder of a model as ONNX";

/** `constella export MODEL --onnx FILE`: what a trained network makes of items, for other programs to compute. */
export function exportCommand(print: (text: string) => void): Command {
  return new Command("export")
    .summary(SUMMARY)
    .description(
      `${SUMMARY}\n\nThe input x takes items as the network was trained on them: scaled, and prepared where the method prepares them. How a run scaled ` +
        "its items is in the file's metadata, as JSON under scaling.",
    )
    .argument("<model>", "folder of a run, or its checkpoint.safetensors")
    .requiredOption("--onnx <FILE>", "where it goes")
    .addHelpText("after", "\nExample:\n  constella export run --onnx encoder.onnx")
    .action(async (model: string, { onnx }: { readonly onnx: string }) => {
      print(await exported(model, onnx));
    });
}

async function exported(place: string, path: string): Promise<string> {
  const file = await modelFile(place);
  const content = await readFile(file);
  const run = savedRun(file, content);
  const device = await requestDevice("wasm", { threads: 1 });
  try {
    const { method, estimator } = await loadModel(content, { device });
    try {
      const network = "network" in estimator ? estimator.network : undefined;
      if (!(network instanceof Module)) throw new Error(`${method.name} trains no network`);
      const { toOnnx } = await import("../../onnx/to-onnx");
      const scaling = run && { scaling: JSON.stringify(run.scaling) };
      await writeAtomic(path, await toOnnx(network, { metadata: { method: method.name, ...scaling } }));
      return `${method.title}: the encoder is in ${path}`;
    } finally {
      await estimator.dispose();
    }
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  } finally {
    device.destroy();
  }
}
