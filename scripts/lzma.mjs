// The encoder for src/wasm/lzma.ts, which says how its stream differs from LZMA's: parsed by shortest path.

/** Where each group of probabilities begins, as in src/wasm/lzma.ts. */
const AT = {
  isMatch: 0,
  isRep: 96,
  isRep0: 108,
  isRep1: 120,
  isRep2: 132,
  isRep0Long: 144,
  slots: 156,
  distances: 412,
  align: 540,
  length: 556,
  repLength: 830,
  literals: 1104,
  end: 1104 + 44 * 768,
};
const MAX_LENGTH = 273;
/** Earlier occurrences of three bytes that are looked at. */
const CHAIN = 1000;
/** Times the path is sought with the prices of the last. */
const PASSES = 12;
/** Bytes for which the same prices hold. */
const SPAN = 1024;

const LITERAL = { length: 1, distance: -1, rep: -1 };

const afterLiteral = (state) => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6);
/** Bits that a probability of `p / 2048` costs. */
const PRICES = Float32Array.from({ length: 2049 }, (_, p) => -Math.log2(Math.max(p, 1) / 2048));

/** What a byte of WebAssembly may be: the prefix of a SIMD instruction, access to a local, `i32.const`, or anything. */
const kindOf = (byte) => (byte === 0xfd ? 1 : byte >= 0x20 && byte <= 0x22 ? 2 : byte === 0x41 ? 3 : 0);
/** Where it is decided whether a match follows `previous`. */
const matchAt = (state, previous) => AT.isMatch + 12 * (previous >> 5) + state;

/** What both users of the model share: `bit(at, value)` is either written or priced. */
class Model {
  constructor(bit, direct) {
    this.bit = bit;
    this.direct = direct;
  }

  tree(at, bits, value) {
    let node = 1;
    for (let i = bits - 1; i >= 0; i--) {
      const b = (value >> i) & 1;
      this.bit(at + node, b);
      node = 2 * node + b;
    }
  }

  reverseTree(at, bits, value) {
    let node = 1;
    for (let i = 0; i < bits; i++) {
      const b = (value >> i) & 1;
      this.bit(at + node, b);
      node = 2 * node + b;
    }
  }

  /** A byte that no match covers; `match`, the byte at the last distance, is looked at after a match. */
  literal(data, at, state, distance) {
    const byte = data[at];
    const match = state < 7 ? -1 : data[at - distance - 1];
    const [previous, before] = [data[at - 1] ?? 0, data[at - 2] ?? 0];
    this.bit(matchAt(state, previous), 0);
    const kind = kindOf(previous);
    const group = AT.literals + 768 * ((kind ? kind + 7 : previous >> 5) + 11 * kindOf(before));
    let alike = match >= 0;
    for (let i = 7, node = 1; i >= 0; i--) {
      const b = (byte >> i) & 1;
      const expected = (match >> i) & 1;
      this.bit(group + node + (alike ? 256 * (1 + expected) : 0), b);
      node = 2 * node + b;
      alike &&= b === expected;
    }
  }

  length(at, length) {
    const rest = length - 2;
    this.bit(at, rest < 8 ? 0 : 1);
    if (rest < 8) return this.tree(at + 2, 3, rest);
    this.bit(at + 1, rest < 16 ? 0 : 1);
    if (rest < 16) return this.tree(at + 10, 3, rest - 8);
    this.tree(at + 18, 8, rest - 16);
  }

  distance(length, distance) {
    const high = 31 - Math.clz32(distance);
    const slot = distance < 4 ? distance : 2 * high + ((distance >> (high - 1)) & 1);
    this.tree(AT.slots + 64 * Math.min(length - 2, 3), 6, slot);
    if (slot < 4) return;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << bits;
    if (slot < 14) return this.reverseTree(AT.distances + base - slot, bits, distance - base);
    for (let i = bits - 1; i >= 4; i--) this.direct((distance >> i) & 1);
    this.reverseTree(AT.align, 4, distance & 15);
  }

  /** Which of the four last distances, and whether it is one byte. */
  rep(state, which, single) {
    this.bit(AT.isRep0 + state, which === 0 ? 0 : 1);
    if (which === 0) return this.bit(AT.isRep0Long + state, single ? 0 : 1);
    this.bit(AT.isRep1 + state, which === 1 ? 0 : 1);
    if (which > 1) this.bit(AT.isRep2 + state, which === 2 ? 0 : 1);
  }
}

/** Encodes steps { length, distance, rep } (length 1 without distance: a literal); returns the bytes and the probabilities at every `SPAN` bytes. */
function encode(data, steps) {
  const out = [];
  const probabilities = new Uint16Array(AT.end).fill(32768);
  const seen = new Uint8Array(AT.end);
  let low = 0;
  let range = 0xffffffff;
  let cache = 0;
  let pending = 1;
  const shift = () => {
    if (low < 0xff000000 || low > 0xffffffff) {
      const carry = low > 0xffffffff ? 1 : 0;
      do {
        out.push((cache + carry) & 255);
        cache = 255;
      } while (--pending > 0);
      cache = Math.floor(low / 0x1000000) & 255;
    }
    pending++;
    low = (low % 0x1000000) * 256;
  };
  const narrowed = () => {
    while (range < 0x1000000) {
      range = (range << 8) >>> 0;
      shift();
    }
  };
  const model = new Model(
    (at, value) => {
      const p = probabilities[at];
      const bound = (range >>> 16) * p;
      if (value === 0) range = bound;
      else {
        low += bound;
        range -= bound;
      }
      probabilities[at] = p + ((value === 0 ? 65504 : 32) - p) / (seen[at] + 2);
      if (seen[at] < 20) seen[at]++;
      narrowed();
    },
    (value) => {
      range >>>= 1;
      if (value === 1) low += range;
      narrowed();
    },
  );
  let at = 0;
  let state = 0;
  const reps = [0, 0, 0, 0];
  const history = [];
  for (const { length, distance, rep } of steps) {
    while (history.length * SPAN <= at) history.push(probabilities.slice());
    if (rep < 0 && distance < 0) {
      model.literal(data, at, state, reps[0]);
      state = afterLiteral(state);
    } else if (rep < 0) {
      model.bit(matchAt(state, data[at - 1] ?? 0), 1);
      model.bit(AT.isRep + state, 0);
      model.length(AT.length, length);
      model.distance(length, distance);
      reps.pop();
      reps.unshift(distance);
      state = state < 7 ? 7 : 10;
    } else {
      model.bit(matchAt(state, data[at - 1] ?? 0), 1);
      model.bit(AT.isRep + state, 1);
      model.rep(state, rep, length === 1);
      if (length > 1) model.length(AT.repLength, length);
      reps.unshift(...reps.splice(rep, 1));
      state = state < 7 ? (length === 1 ? 9 : 8) : 11;
    }
    at += length;
  }
  for (let i = 0; i < 5; i++) shift();
  return { bytes: Uint8Array.from(out), history: [...history, probabilities] };
}

/** For each position the nearest distance of every greater length: arrays of [length, distance − 1]. */
function findMatches(data) {
  const heads = new Map();
  const previous = new Int32Array(data.length).fill(-1);
  return Array.from(data, (_, at) => {
    if (at + 3 > data.length) return [];
    const key = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
    const found = [];
    let best = 2;
    for (let from = heads.get(key) ?? -1, tries = CHAIN; from >= 0 && tries > 0; from = previous[from], tries--) {
      if (data[from + best] !== data[at + best]) continue;
      let length = 3;
      const most = Math.min(MAX_LENGTH, data.length - at);
      while (length < most && data[from + length] === data[at + length]) length++;
      if (length > best) found.push([(best = length), at - from - 1]);
      if (length === most) break;
    }
    previous[at] = heads.get(key) ?? -1;
    heads.set(key, at);
    return found;
  });
}

/** The steps of least cost at the probabilities of `history`; each position remembers the state and the distances of its cheapest path. */
function parse(data, matches, history) {
  let probabilities;
  let lengths;
  let total = 0;
  const price = new Model(
    (at, value) => {
      const p = probabilities[at] >> 5;
      total += PRICES[value === 0 ? p : 2048 - p];
    },
    () => total++,
  );
  const priced = (add) => {
    total = 0;
    add();
    return total;
  };
  const n = data.length;
  const costs = new Float64Array(n + 1).fill(Infinity);
  costs[0] = 0;
  const nodes = new Array(n + 1);
  nodes[0] = { state: 0, reps: [0, 0, 0, 0], steps: [], from: -1 };
  /** A path from `from` that ends in this step, after those of `before`. */
  const reach = (from, to, cost, state, reps, length, distance, rep, before = []) => {
    if (cost >= costs[to]) return;
    costs[to] = cost;
    nodes[to] = { state, reps, steps: [...before, { length, distance, rep }], from };
  };
  const bitPrice = (where, value) => priced(() => price.bit(where, value));
  const literalPrice = (at, state, distance) => priced(() => price.literal(data, at, state, distance));
  const extent = (at, distance) => {
    let length = 0;
    while (length < MAX_LENGTH && at + length < n && data[at + length] === data[at + length - distance - 1]) length++;
    return length;
  };
  /** After a match: one byte that differs, and the match goes on. To its end the path may be dearer than another. */
  const reachPast = (from, cost, state, reps, match) => {
    const at = from + match.length + 1;
    const most = extent(at, reps[0]);
    const before = afterLiteral(state);
    const after = before < 7 ? 8 : 11;
    const literal = literalPrice(at - 1, state, reps[0]);
    const again = priced(() => {
      price.bit(matchAt(before, data[at - 1]), 1);
      price.bit(AT.isRep + before, 1);
      price.rep(before, 0, false);
    });
    for (let length = 2; length <= most; length++) {
      const total = cost + literal + again + lengths[1][length];
      reach(from, at + length, total, after, reps, length, reps[0], 0, [match, LITERAL]);
    }
  };
  for (let at = 0; at < n; at++) {
    if (at % SPAN === 0) {
      probabilities = history[Math.min(at / SPAN + 1, history.length - 1)];
      lengths = [AT.length, AT.repLength].map((group) =>
        Float32Array.from({ length: MAX_LENGTH + 1 }, (_, length) =>
          length < 2 ? 0 : priced(() => price.length(group, length)),
        ),
      );
    }
    const { state, reps } = nodes[at];
    const cost = costs[at];
    reach(at, at + 1, cost + literalPrice(at, state, reps[0]), afterLiteral(state), reps, 1, -1, -1);
    const asMatch = cost + bitPrice(matchAt(state, data[at - 1] ?? 0), 1);
    const asRep = asMatch + bitPrice(AT.isRep + state, 1);
    for (let rep = 0; rep < 4; rep++) {
      const distance = reps[rep];
      const most = distance < at ? extent(at, distance) : 0;
      const moved = [distance, ...reps.filter((_, i) => i !== rep)];
      const after = state < 7 ? 8 : 11;
      if (rep === 0 && most > 0) {
        const single = asRep + priced(() => price.rep(state, 0, true));
        reach(at, at + 1, single, state < 7 ? 9 : 11, reps, 1, distance, 0);
      }
      const chosen = asRep + priced(() => price.rep(state, rep, false));
      for (let length = 2; length <= most; length++)
        reach(at, at + length, chosen + lengths[1][length], after, moved, length, distance, rep);
      if (most > 1 && at + most < n)
        reachPast(at, chosen + lengths[1][most], after, moved, { length: most, distance, rep });
    }
    const asNew = asMatch + bitPrice(AT.isRep + state, 0);
    let shortest = 2;
    for (const [most, distance] of matches[at]) {
      const moved = [distance, ...reps.slice(0, 3)];
      const after = state < 7 ? 7 : 10;
      const near = [2, 3, 4, 5].map((length) => asNew + priced(() => price.distance(length, distance)));
      const costOf = (length) => lengths[0][length] + near[Math.min(length - 2, 3)];
      for (let length = shortest; length <= most; length++)
        reach(at, at + length, costOf(length), after, moved, length, distance, -1);
      if (at + most < n) reachPast(at, costOf(most), after, moved, { length: most, distance, rep: -1 });
      shortest = most + 1;
    }
  }
  const path = [];
  for (let node = nodes[n]; node.from >= 0; node = nodes[node.from]) path.push(node.steps);
  return path.reverse().flat();
}

/**
 * Packs bytes for `unpack` of src/wasm/lzma.ts.
 * @param {Uint8Array} data at least one byte
 */
export function pack(data) {
  const matches = findMatches(data);
  let history = [new Uint16Array(AT.end).fill(32768)];
  let best;
  for (let pass = 0; pass < PASSES; pass++) {
    const made = encode(data, parse(data, matches, history));
    if (!best || made.bytes.length < best.length) best = made.bytes;
    ({ history } = made);
  }
  return best;
}

/** What a `.packed` file holds: the size of a module, and it packed, in base64. */
export const packed = (module) => ({ size: module.length, data: Buffer.from(pack(module)).toString("base64") });
