// The other end of packed.ts, in the page.
import { generate } from "../../typed-arrays";

/** Types of the numbers. */
export type PackedKind = "u8" | "u16" | "u32" | "i32";

/** What stands before the arrays. */
export interface PackedHead {
  readonly told: unknown;
  readonly arrays: readonly { readonly name: string; readonly kind: PackedKind; readonly bytes: number }[];
}

const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, i32: Int32Array };
interface Arrays {
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly i32: Int32Array<ArrayBuffer>;
}

/** What was packed, and a function that gives an array by its name and type; undefined where there is none. */
export async function unpacked(text: string): Promise<{
  readonly told: unknown;
  readonly array: <K extends PackedKind>(name: string, kind: K) => Arrays[K] | undefined;
}> {
  const binary = atob(text);
  const bytes = generate(Uint8Array, binary.length, (i) => binary.charCodeAt(i));
  const whole = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")))
    .arrayBuffer(); // prettier-ignore
  const length = new DataView(whole).getUint32(0, true);
  const { told, arrays } = JSON.parse(new TextDecoder().decode(new Uint8Array(whole, 4, length))) as PackedHead;
  const found = new Map<string, ArrayBuffer>();
  let at = 4 + length;
  for (const { name, bytes: size } of arrays) {
    found.set(name, whole.slice(at, at + size));
    at += size;
  }
  return {
    told,
    array: <K extends PackedKind>(name: string, kind: K) => {
      const buffer = found.get(name);
      return buffer && (new ARRAYS[kind](buffer) as unknown as Arrays[K]);
    },
  };
}
