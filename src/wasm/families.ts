// The bytes of the families' modules, unpacked once a program.
import type { Family } from "../kernel";
import { mapTo } from "../typed-arrays";

/** Which form of the modules an engine runs: with relaxed SIMD, or plain. */
export type Form = "relaxed" | "plain";

interface Unpacking {
  readonly done: Promise<Uint8Array<ArrayBuffer>>;
  bytes: Uint8Array<ArrayBuffer> | undefined;
}

const unpackings: Record<Form, Map<Family, Unpacking>> = { relaxed: new Map(), plain: new Map() };

/** The bytes of a family's module. */
export function unpack(family: Family, form: Form): Promise<Uint8Array<ArrayBuffer>> {
  let unpacking = unpackings[form].get(family);
  if (!unpacking) {
    const made: Unpacking = { done: inflate(family[form]).then((bytes) => (made.bytes = bytes)), bytes: undefined };
    unpackings[form].set(family, (unpacking = made));
    made.done.catch(() => unpackings[form].delete(family)); // a download that failed may be tried again
  }
  return unpacking.done;
}

/** The same, where that has been done. */
export const unpacked = (family: Family, form: Form): Uint8Array<ArrayBuffer> | undefined =>
  unpackings[form].get(family)?.bytes;

async function inflate(load: () => Promise<{ readonly default: string }>): Promise<Uint8Array<ArrayBuffer>> {
  const { default: packed } = await load();
  const bytes = mapTo(Uint8Array, atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
