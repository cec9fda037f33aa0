// A network that no item reaches any more has learned nothing, whatever its loss says.
import { DeepCluster, OnlineDeepCluster } from "constella/vision";
import { expect, test } from "vitest";
import { describeDevices } from "../devices";
import { digits } from "./digits";

describeDevices("features that are alike for all items", (device) => {
  test.each([
    ["DeepCluster", DeepCluster],
    ["OnlineDeepCluster", OnlineDeepCluster],
  ] as const)("%s says so", async (name, Model) => {
    const { x } = digits(96);
    const huge = { data: x.data.map((value) => 1e10 * value), shape: x.shape };
    const model = new Model({
      network: { type: "mlp", layers: [64, 16, 8] },
      ...{ nClusters: 4, learningRate: 0.05, batchSize: 32, device: await device() },
    });
    await expect(model.fit(huge, { epochs: 3 })).rejects.toThrow(
      new RegExp(`^${name}(\\.fit: features must differ between items, got the same for 64 |: .* no longer finite)`),
    );
    model.dispose();
  });
});
