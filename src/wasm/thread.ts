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
  kernel: 3, // index into the thread's functions; -1 copies bytes: to, from, count
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

/** What a worker is started with. */
export interface ThreadInit {
  readonly module: WebAssembly.Module;
  /** What the threads share; without it a worker has a memory of its own, of at most `pages`, and commands come as messages. */
  readonly shared?: { readonly memory: WebAssembly.Memory; readonly control: SharedArrayBuffer };
  readonly pages: number;
  readonly scratch: number;
  readonly layout: Layout;
  readonly stages: readonly string[];
  /** Export name and argument types ("f" for f32, "i" otherwise) of each kernel, by index; null for kernels in JavaScript. */
  readonly kernels: readonly ({ readonly name: string; readonly types: string } | null)[];
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
  const start = (init: ThreadInit): ((request: ThreadRequest) => void) => {
    const { module, shared, pages, scratch, layout, stages, kernels, spins } = init;
    const memory = shared?.memory ?? new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true });
    let words: Int32Array = new Int32Array(shared?.control ?? new ArrayBuffer(0));
    let floats: Float32Array = new Float32Array(words.buffer);
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const calls = exports as Record<string, (...args: number[]) => void>;
    calls["set_scratch"]!(scratch);
    const functions = stages.map((stage) => kernels.map((kernel) => kernel && calls[kernel.name + stage]!));
    const scripts = new Map<number, (...args: unknown[]) => void>();

    /** A user's kernel: the arguments are the source's address and length, then address, bytes and type of each array, then type (1 f32, 2 u32, 0 i32) and value of each param. */
    const runScript = (index: number, slot: number, begin: number, end: number): void => {
      const first = slot + layout.args;
      let script = scripts.get(index);
      if (!script) {
        const source = new Uint8Array(memory.buffer, words[first]! >>> 0, words[first + 1]! >>> 0).slice();
        script = new Function(`return (${new TextDecoder().decode(source)})`)() as (...args: unknown[]) => void;
        scripts.set(index, script);
      }
      const arrays = words[first + 2]!;
      const args: unknown[] = [];
      let word = first + 3;
      for (let i = 0; i < arrays; i++, word += 3) {
        const View = words[word + 2] === 1 ? Uint32Array : Float32Array;
        args.push(new View(memory.buffer, words[word]! >>> 0, (words[word + 1]! >>> 0) / 4));
      }
      for (; word < first + words[slot + layout.arity]!; word += 2)
        args.push(
          words[word] === 1 ? floats[word + 1]! : words[word] === 2 ? words[word + 1]! >>> 0 : words[word + 1]!,
        );
      script(...args, begin, end);
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
      const declared = kernels[index];
      try {
        if (!declared) return runScript(index, slot, begin, end);
        const args: number[] = [];
        const arity = words[slot + layout.arity]!;
        for (let i = 0; i < arity; i++) args.push(declared.types[i] === "f" ? floats[first + i]! : words[first + i]!);
        functions[words[slot + layout.stage]!]![index]!(...args, begin, end);
      } catch (error) {
        port.postMessage({ failed: declared?.name ?? "", message: String(error) });
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
