/** Layout of the control words that the calling thread and the workers share, and of a command in the ring. */
export const LAYOUT = {
  head: 0, // commands published
  tail: 1, // commands completed
  ring: 16, // first word of the ring
  slots: 4096,
  slotWords: 48,
  // words of a slot
  claim: 0, // (low 16 bits of the command's number) << 16 | next chunk to take
  done: 1, // chunks completed
  chunks: 2,
  kernel: 3, // address of what describes the kernel (Description); -1 copies bytes: to, from, count
  rows: 4,
  chunkRows: 5,
  fence: 6, // id to post when the command is complete, or 0
  stage: 7, // which of the kernel's functions, as in STAGES
  overlap: 8, // how many of the commands before it need not be complete
  arity: 9, // arguments that follow
  args: 10,
} as const;

/** What follows a kernel's name in that of its functions: the whole of it, or an operand laid out and the rest. */
export const STAGES = ["", "_pack", "_packed"] as const;

/** The type of `LAYOUT`, which travels to the workers. */
export type Layout = typeof LAYOUT;

/**
 * What a thread is told of a kernel: its length in bytes and its text in JSON, written once to memory; commands give the address.
 * `types` are those of the arguments: "f" for f32, "u" for u32, "i" otherwise.
 */
export type Description =
  | {
      readonly name: string;
      readonly types: string;
      /** The family, and where two words say where its module is and how many bytes it has. */
      readonly module: { readonly family: string; readonly place: number };
    }
  | {
      readonly name: string;
      readonly types: string;
      /** A kernel in JavaScript: its source. Arrays come first, each an address and a length in bytes; "f" or "u" is what they hold. */
      readonly script: string;
      readonly arrays: string;
    };

/** What a worker is started with. */
export interface ThreadInit {
  /** The base's module, whose functions those of the families import. */
  readonly module: WebAssembly.Module;
  /** What the threads share; without it a worker has a memory of its own, of at most `pages`, and commands come as messages. */
  readonly shared?: { readonly memory: WebAssembly.Memory; readonly control: SharedArrayBuffer };
  readonly pages: number;
  readonly scratch: number;
  readonly layout: Layout;
  readonly stages: readonly string[];
  readonly spins: number;
}

/** What a worker without shared memory is asked: slots of commands to run, bytes to write, bytes to read; memory is in use up to `top`. */
export type ThreadRequest = { readonly top: number } & (
  | { readonly commands: Int32Array }
  | { readonly write: number; readonly data: Uint8Array }
  | { readonly read: number; readonly bytes: number; readonly id: number }
);

/** What a worker posts: a fence reached, bytes read, a kernel that trapped, or the size of the memory when it cannot grow. */
export type ThreadMessage =
  | { readonly fence: number }
  | { readonly full: number }
  | { readonly id: number; readonly data: ArrayBuffer }
  | { readonly failed: string; readonly message: string };

/**
 * A worker of the WASM device. It travels as source text, so it uses nothing from outside itself.
 *
 * A worker that shares no memory runs what it is sent, in order. Else all workers take chunks of the oldest incomplete command, then of those after it that do not depend on it; whoever
 * completes a command moves the tail on. A worker that the system has put aside delays only what needs the chunk it holds.
 */
export function threadMain(): void {
  const node = (
    globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  ).process?.getBuiltinModule?.("node:worker_threads") as { parentPort: MessagePort } | undefined;
  const port = (node?.parentPort ?? globalThis) as unknown as {
    postMessage(message: unknown, transfer?: unknown[]): void;
    addEventListener?(type: string, listener: (event: { data: unknown }) => void): void;
    on?(type: string, listener: (data: unknown) => void): void;
  };
  type Exports = Record<string, ((...args: number[]) => void) | undefined>;
  /** A kernel as this thread launches it: `functions` by stage, or a script that takes `arrays`. */
  interface Launched {
    readonly name: string;
    readonly types: string;
    isReady: boolean;
    functions?: (((...args: number[]) => void) | undefined)[];
    readonly arrays?: string;
    script?: (...args: unknown[]) => void;
  }
  const start = (init: ThreadInit): ((request: ThreadRequest) => void) => {
    const { module, shared, pages, scratch, layout, stages, spins } = init;
    const memory = shared?.memory ?? new WebAssembly.Memory({ initial: 2, maximum: pages, shared: true });
    let words: Int32Array = new Int32Array(shared?.control ?? new ArrayBuffer(0));
    let floats: Float32Array = new Float32Array(words.buffer);
    const base = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports;
    base["set_scratch"]!(scratch);
    const families = new Map<string, Exports>();
    const kernels = new Map<number, Launched>();

    /** Bytes of the memory, copied: neither text nor a module is taken from memory that is shared. */
    const bytesAt = (pointer: number, bytes: number): Uint8Array<ArrayBuffer> =>
      new Uint8Array(new Uint8Array(memory.buffer, pointer, bytes));

    /** Reads what a kernel is, and makes it ready. */
    const prepare = (pointer: number): Launched => {
      const at = pointer >>> 0; // a word of a command, which has a sign
      const [length] = new Uint32Array(memory.buffer, at, 1);
      const description = JSON.parse(new TextDecoder().decode(bytesAt(at + 4, length!))) as Description;
      const { name, types } = description;
      if ("script" in description) {
        const { script, arrays } = description;
        const made: Launched = { name, types, arrays, isReady: false };
        kernels.set(pointer, made); // before what may throw: failures are told with the name
        made.script = new Function(`return (${script})`)() as (...args: unknown[]) => void;
        made.isReady = true;
        return made;
      }
      const made: Launched = { name, types, isReady: false };
      kernels.set(pointer, made);
      const { family, place } = description.module;
      let calls = families.get(family);
      if (!calls) {
        const [from, bytes] = new Uint32Array(memory.buffer, place, 2);
        const compiled = new WebAssembly.Module(bytesAt(from!, bytes!));
        calls = new WebAssembly.Instance(compiled, { env: { memory }, base: base as WebAssembly.ModuleImports }).exports as Exports;
        families.set(family, calls);
      }
      made.functions = stages.map((stage) => calls[name + stage]);
      made.functions.forEach((twin, stage) => {
        const expected = types.length + (stage === 0 ? 2 : 3);
        if (twin && twin.length !== expected)
          throw new Error(`it takes ${twin.length} arguments in AssemblyScript, ${expected} by its .wgsl file`);
      });
      if (!made.functions[0]) throw new Error("it has no AssemblyScript function");
      made.isReady = true;
      return made;
    };

    /** A user's kernel: its arguments are the address and bytes of each array, then the params. */
    const runScript = ({ types, arrays, script }: Launched, word: number, begin: number, end: number): void => {
      const args: unknown[] = [];
      for (const held of arrays!) {
        const View = held === "u" ? Uint32Array : Float32Array;
        args.push(new View(memory.buffer, words[word]! >>> 0, (words[word + 1]! >>> 0) / 4));
        word += 2;
      }
      for (const type of types) {
        args.push(type === "f" ? floats[word]! : type === "u" ? words[word]! >>> 0 : words[word]!);
        word++;
      }
      script!(...args, begin, end);
    };

    const runChunk = (slot: number, chunk: number): void => {
      const index = words[slot + layout.kernel]!;
      const first = slot + layout.args;
      const begin = chunk * words[slot + layout.chunkRows]!;
      const end = Math.min(words[slot + layout.rows]!, begin + words[slot + layout.chunkRows]!);
      if (index === -1) {
        const bytes = new Uint8Array(memory.buffer);
        const from = words[first + 1]! >>> 0;
        bytes.copyWithin(words[first]! >>> 0, from, from + (words[first + 2]! >>> 0));
        return;
      }
      try {
        let kernel = kernels.get(index);
        if (!kernel?.isReady) kernel = prepare(index);
        if (kernel.arrays !== undefined) return runScript(kernel, first, begin, end);
        const { types } = kernel;
        const args: number[] = [];
        const arity = words[slot + layout.arity]!;
        for (let i = 0; i < arity; i++) args.push(types[i] === "f" ? floats[first + i]! : words[first + i]!);
        kernel.functions![words[slot + layout.stage]!]!(...args, begin, end);
      } catch (error) {
        port.postMessage({ failed: kernels.get(index)?.name ?? "", message: String(error) });
      }
    };

    const slotOf = (number: number): number => layout.ring + (number & (layout.slots - 1)) * layout.slotWords;

    /** Takes a chunk of the first command that has one and may run; false where there is none. */
    const work = (): boolean => {
      const tail = Atomics.load(words, layout.tail);
      const head = Atomics.load(words, layout.head);
      for (let number = tail; number !== head; number = (number + 1) | 0) {
        const slot = slotOf(number);
        if (((number - tail) | 0) > words[slot + layout.overlap]!) return false;
        let claim = Atomics.load(words, slot + layout.claim);
        while (claim >>> 16 === (number & 0xffff) && (claim & 0xffff) < words[slot + layout.chunks]!) {
          const found = Atomics.compareExchange(words, slot + layout.claim, claim, claim + 1);
          if (found === claim) {
            runChunk(slot, claim & 0xffff);
            if (Atomics.add(words, slot + layout.done, 1) + 1 === words[slot + layout.chunks]!) moveTail();
            return true;
          }
          claim = found;
        }
      }
      return false;
    };

    /** Moves the tail past every complete command. Two workers that complete neighbours may both try; one succeeds for each. */
    const moveTail = (): void => {
      for (;;) {
        const number = Atomics.load(words, layout.tail);
        if (number === Atomics.load(words, layout.head)) return;
        const slot = slotOf(number);
        const fence = words[slot + layout.fence]!; // read before the slot can be reused
        if (Atomics.load(words, slot + layout.done) !== words[slot + layout.chunks]!) return;
        if (Atomics.compareExchange(words, layout.tail, number, (number + 1) | 0) !== number) continue;
        Atomics.notify(words, layout.tail);
        if (fence !== 0) port.postMessage({ fence });
      }
    };

    const serve = (request: ThreadRequest): void => {
      const have = memory.buffer.byteLength / 65536;
      const missing = Math.ceil(request.top / 65536) - have;
      try {
        if (missing > 0) memory.grow(Math.min(Math.max(missing, 256), pages - have));
      } catch {
        return port.postMessage({ full: have * 65536 });
      }
      if ("commands" in request) {
        words = request.commands;
        floats = new Float32Array(words.buffer);
        for (let slot = 0; slot < words.length; slot += layout.slotWords) runChunk(slot, 0);
      } else if ("data" in request) new Uint8Array(memory.buffer).set(request.data, request.write);
      else {
        const data = new Uint8Array(request.bytes);
        data.set(new Uint8Array(memory.buffer, request.read, request.bytes));
        port.postMessage({ id: request.id, data: data.buffer }, [data.buffer]);
      }
    };
    if (!shared) return serve;

    for (;;) {
      const [tail, head] = [Atomics.load(words, layout.tail), Atomics.load(words, layout.head)];
      if (work()) continue;
      // nothing to do until a command is complete or, where there is none, published
      let spin = tail === head ? spins : 8 * spins;
      while (spin > 0 && Atomics.load(words, layout.tail) === tail && Atomics.load(words, layout.head) === head) spin--;
      if (spin > 0) continue;
      if (tail === head) Atomics.wait(words, layout.head, head);
      else Atomics.wait(words, layout.tail, tail);
    }
  };
  let serve: ((request: ThreadRequest) => void) | undefined;
  const receive = (data: unknown): void => {
    if (serve) serve(data as ThreadRequest);
    else serve = start(data as ThreadInit);
  };
  if (port.on) port.on("message", receive);
  else port.addEventListener!("message", ({ data }) => receive(data));
}
