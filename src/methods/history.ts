import { spell } from "./schema";

/** What `runHistory` says. */
export interface RunHistory {
  /** Of the library. */
  readonly version: string;
  /** Of the method. */
  readonly title: string;
  /** Of the data. */
  readonly name: string;
  /** What of a cube was clustered: pixels, superpixels, the cube. */
  readonly as: string;
  /** Every option in force. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** That was given, of a command line. */
  readonly command?: string;
}

/** What was done in lines of text, as HISTORY of a FITS file has it: the method, the data, an option a line, the command. */
export function runHistory({ version, title, name, as, settings, command }: RunHistory): string[] {
  const options = Object.entries(settings).filter(([option, value]) => value !== undefined && option !== "device");
  return [
    `constella ${version}: ${title} of ${name}, as ${as}`,
    ...options.map(
      ([option, value]) => `${option} = ${typeof value === "object" ? JSON.stringify(value) : spell(value)}`,
    ),
    ...(command === undefined ? [] : [command]),
  ];
}
