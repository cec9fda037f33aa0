// The LZMA encoder for src/lzma.ts: a raw stream with lc = 3, lp = 0, pb = 0 and no end marker, parsed by shortest path.

/** Where each group of probabilities begins, as in src/lzma.ts. */
const AT = {
  isMatch: 0,
  isRep: 12,
  isRep0: 24,
  isRep1: 36,
  isRep2: 48,
  isRep0Long: 60,
  slots: 72,
  distances: 328,
  align: 456,
  length: 472,
  repLength: 746,
  literals: 1020,
  end: 1020 + 8 * 768,
};
const MAX_LENGTH = 273;
/** Earlier occurrences of three bytes that are looked at. */
const CHAIN = 100;
/** Times the path is sought with the prices of the last. */
const PASSES = 2;

const afterLiteral = (state) => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6);
const PRICES = Float32Array.from({ length: 2049 }, (_, p) => -Math.log2(Math.max(p, 1) / 2048));

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

  literal(byte, previous, match) {
    const group = AT.literals + 768 * (previous >> 5);
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

/** Encodes steps { length, distance, rep } (length 1 without distance: a literal); returns the bytes and the probabilities at the end. */
function encode(data, steps) {
  const out = [];
  const probabilities = new Uint16Array(AT.end).fill(1024);
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
    if (range < 0x1000000) {
      range = (range << 8) >>> 0;
      shift();
    }
  };
  const model = new Model(
    (at, value) => {
      const p = probabilities[at];
      const bound = (range >>> 11) * p;
      if (value === 0) {
        range = bound;
        probabilities[at] = p + ((2048 - p) >> 5);
      } else {
        low += bound;
        range -= bound;
        probabilities[at] = p - (p >> 5);
      }
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
  for (const { length, distance, rep } of steps) {
    const isLiteral = rep < 0 && distance < 0;
    model.bit(AT.isMatch + state, isLiteral ? 0 : 1);
    if (isLiteral) {
      model.literal(data[at], data[at - 1] ?? 0, state < 7 ? -1 : data[at - reps[0] - 1]);
      state = afterLiteral(state);
    } else if (rep < 0) {
      model.bit(AT.isRep + state, 0);
      model.length(AT.length, length);
      model.distance(length, distance);
      reps.pop();
      reps.unshift(distance);
      state = state < 7 ? 7 : 10;
    } else {
      model.bit(AT.isRep + state, 1);
      model.rep(state, rep, length === 1);
      if (length > 1) model.length(AT.repLength, length);
      reps.unshift(...reps.splice(rep, 1));
      state = state < 7 ? (length === 1 ? 9 : 8) : 11;
    }
    at += length;
  }
  for (let i = 0; i < 5; i++) shift();
  return { bytes: Uint8Array.from(out), probabilities };
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

/** The steps of least cost at these probabilities; each position remembers the state and the distances of its cheapest path. */
function parse(data, matches, probabilities) {
  let total = 0;
  const price = new Model(
    (at, value) => {
      total += PRICES[value === 0 ? probabilities[at] : 2048 - probabilities[at]];
    },
    () => total++,
  );
  const priced = (add) => {
    total = 0;
    add();
    return total;
  };
  const lengths = [AT.length, AT.repLength].map((group) =>
    Float32Array.from({ length: MAX_LENGTH + 1 }, (_, length) =>
      length < 2 ? 0 : priced(() => price.length(group, length)),
    ),
  );
  const n = data.length;
  const costs = new Float64Array(n + 1).fill(Infinity);
  costs[0] = 0;
  const nodes = new Array(n + 1);
  nodes[0] = { state: 0, reps: [0, 0, 0, 0], step: null, from: -1 };
  const reach = (from, cost, length, distance, rep, state, reps) => {
    if (cost >= costs[from + length]) return;
    costs[from + length] = cost;
    nodes[from + length] = { state, reps, step: { length, distance, rep }, from };
  };
  for (let at = 0; at < n; at++) {
    const { state, reps } = nodes[at];
    const cost = costs[at];
    const bitPrice = (where, value) => priced(() => price.bit(where, value));
    const literal = priced(() => {
      price.bit(AT.isMatch + state, 0);
      price.literal(data[at], data[at - 1] ?? 0, state < 7 ? -1 : data[at - reps[0] - 1]);
    });
    reach(at, cost + literal, 1, -1, -1, afterLiteral(state), reps);
    const asMatch = cost + bitPrice(AT.isMatch + state, 1);
    const asRep = asMatch + bitPrice(AT.isRep + state, 1);
    for (let rep = 0; rep < 4; rep++) {
      const back = reps[rep] + 1;
      if (back > at || data[at - back] !== data[at]) continue;
      const moved = [reps[rep], ...reps.filter((_, i) => i !== rep)];
      if (rep === 0)
        reach(at, asRep + priced(() => price.rep(state, 0, true)), 1, reps[0], 0, state < 7 ? 9 : 11, reps);
      const chosen = asRep + priced(() => price.rep(state, rep, false));
      for (let length = 2; length <= MAX_LENGTH && at + length <= n; length++) {
        if (data[at + length - 1 - back] !== data[at + length - 1]) break;
        reach(at, chosen + lengths[1][length], length, reps[rep], rep, state < 7 ? 8 : 11, moved);
      }
    }
    const asNew = asMatch + bitPrice(AT.isRep + state, 0);
    let shortest = 2;
    for (const [longest, distance] of matches[at]) {
      const after = [distance, reps[0], reps[1], reps[2]];
      const near = [2, 3, 4, 5].map((length) => priced(() => price.distance(length, distance)));
      for (let length = shortest; length <= longest; length++)
        reach(
          at,
          asNew + lengths[0][length] + near[Math.min(length - 2, 3)],
          length,
          distance,
          -1,
          state < 7 ? 7 : 10,
          after,
        );
      shortest = longest + 1;
    }
  }
  const steps = [];
  for (let node = nodes[n]; node.step; node = nodes[node.from]) steps.push(node.step);
  return steps.reverse();
}

/**
 * Packs bytes for `unpack` of src/lzma.ts.
 * @param {Uint8Array} data at least one byte
 */
export function pack(data) {
  const matches = findMatches(data);
  let probabilities = new Uint16Array(AT.end).fill(1024);
  let best;
  for (let pass = 0; pass < PASSES; pass++) {
    const made = encode(data, parse(data, matches, probabilities));
    if (!best || made.bytes.length < best.length) best = made.bytes;
    ({ probabilities } = made);
  }
  return best;
}
