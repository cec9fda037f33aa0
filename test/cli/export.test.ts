// constella export: the encoder of a run as ONNX.
import { InferenceSession, Tensor, env } from "onnxruntime-web/wasm";
import { expect, test } from "vitest";
import { readNpy, writeNpy } from "../../src/data/formats/npy/npy";
import { blobs, constella, read, refusal, useProgram, write } from "./program";

useProgram();
env.wasm.numThreads = 1;

test("constella export writes the encoder of a run, which places its items as the run did", async () => {
  const { x } = blobs(90, 4, 3);
  await write("x.npy", writeNpy(x));
  const device = ["--device", "wasm", "--threads", "1", "--scale", "none"];
  const training = ["--layers", "4,6,3", "--pretrain-epochs", "2", "--layer-epochs", "0", "--epochs", "1"];
  await constella("cluster", "x.npy", "--method", "dec", "--clusters", "3", ...training, ...device, "--out", "run");
  const { code, stdout } = await constella("export", "run", "--onnx", "encoder.onnx");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "DEC: the encoder is in encoder.onnx\n" });
  const session = await InferenceSession.create(await read("encoder.onnx"));
  const { code: codes } = await session.run({ x: new Tensor("float32", Float32Array.from(x.data), [90, 4]) });
  await session.release();
  const wanted = readNpy(await read("run/embedding.npy")).data as Float32Array;
  const found = codes!.data as Float32Array;
  expect(found.length).toBe(wanted.length);
  expect(Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)))).toBeLessThan(1e-5);

  await constella("cluster", "x.npy", "--method", "kmeans", "--clusters", "3", ...device, "--out", "centres");
  expect(await refusal("export", "centres", "--onnx", "x.onnx")).toBe(
    "constella: centres/checkpoint.safetensors: kmeans trains no network",
  );
});
