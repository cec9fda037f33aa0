import { version } from "../../package.json";
import { requestDevice } from "../request-device";

/** The version, that of Node, and the device that is taken by default. */
export async function versionInWords(): Promise<string> {
  const device = await requestDevice();
  const { description } = device;
  device.destroy();
  return `constella ${version} (Node ${process.version}; ${description})`;
}
