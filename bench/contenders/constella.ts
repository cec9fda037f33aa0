import { add as sum, requestDevice, tensor, tidy, type Device } from "../../src/index";
import type { AddProblem } from "../problems";
import type { Program } from "../workload";

/** How constella computes: in place on the calling thread, or on as many workers as given; with or without fused multiply-add. */
export interface Setup {
  threads?: number;
  relaxed?: boolean;
}

async function start({ threads, relaxed }: Setup): Promise<Device> {
  return requestDevice("wasm", { threads, deterministic: !relaxed });
}

/** z = x + y */
export const add =
  (setup: Setup) =>
  async ({ length, x, y }: AddProblem): Promise<Program> => {
    const device = await start(setup);
    const [left, right] = [tensor(device, x, [length]), tensor(device, y, [length])];
    return {
      run: async () => {
        sum(left, right).dispose();
        await device.synchronize();
      },
      result: async () => ({ z: (await tidy(() => sum(left, right)).data()) as Float32Array }),
    };
  };
