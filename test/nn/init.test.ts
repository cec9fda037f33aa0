import { Autoencoder, Conv2d, Linear, LSTM, normal, orthogonal, Random } from "constella";
import { VGG } from "constella/vision";
import type { Device, Initializer, Module } from "constella";
import { expect, test } from "vitest";
import { builtCooperatively } from "../../src/nn/init";
import { describeDevices } from "../devices";

const twice: Initializer = (shape, random) => normal(1)(shape, random).map((value) => 2 * value);

const NETWORKS: Record<string, (device: Device, random: Random) => Module> = {
  autoencoder: (device, random) => new Autoencoder(device, [100, 70, 3], random),
  VGG: (device, random) => new VGG(device, { channels: 4, input: [1, 9, 9], hidden: 8 }, random),
  "LSTM as PyTorch's": (device, random) => new LSTM(device, 5, 7, random, { bidirectional: true, memory: 9 }),
  "LSTM as Keras'": (device, random) => new LSTM(device, 5, 7, random, { bidirectional: true, init: "keras" }),
  convolution: (device, random) => new Conv2d(device, 3, 5, 3, random),
  "an initializer of a user's own": (device, random) => new Linear(device, 6, 4, random, { weightInit: twice }),
  "orthogonal columns": (device, random) => new Linear(device, 6, 40, random, { weightInit: orthogonal }),
};

describeDevices("weights that are drawn in turns", (device) => {
  test.each(Object.entries(NETWORKS))("are those drawn at once: %s", async (_, build) => {
    const made = await device();
    const [random, other] = [new Random(1), new Random(1)];
    const atOnce = build(made, random);
    const inTurns = await builtCooperatively(() => build(made, other));
    expect(other.state()).toEqual(random.state());
    const got = inTurns.stateDict();
    for (const [name, tensor] of Object.entries(atOnce.stateDict()))
      expect(await got[name]!.data(), name).toEqual(await tensor.data());
    expect(inTurns.parameters().length).toBe(atOnce.parameters().length);
    for (const network of [atOnce, inTurns]) network.dispose();
  });

  test("where the network cannot be built, the next one is drawn at once again", async () => {
    const made = await device();
    await expect(builtCooperatively(() => new Autoencoder(made, [0], new Random(1)))).rejects.toThrow(
      "Autoencoder: layers",
    );
    const layer = new Linear(made, 2, 2, new Random(1));
    expect(new Set(await layer.weight.data()).size).toBe(4);
    layer.dispose();
  });
});
