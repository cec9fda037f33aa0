import { components } from "../u-matrix";
import { mapTo } from "../../typed-arrays";

/** How an evolving map learns; see `ESOM`. */
export interface EvolvingOptions {
  /** Radius within which a row needs no node of its own, and width of the activation. */
  readonly epsilon: number;
  /** Share of the way that nodes go towards a row. */
  readonly gamma: number;
  /** What a link keeps of its strength when its node wins again. */
  readonly beta: number;
  /** The weakest link is deleted after so many rows; 0: never. */
  readonly pruneEvery: number;
  /** No more nodes than these. */
  readonly maxNodes: number;
  /** A node that loses its last link is deleted. */
  readonly removeOrphans: boolean;
}

/** A node: its number by creation, its place among the prototypes, and its links by the node at their other end. */
interface Node {
  readonly id: number;
  place: number;
  readonly links: Map<Node, Link>;
}

interface Link {
  readonly a: Node;
  readonly b: Node;
  strength: number;
}

/** What a row did. */
export interface EvolvingStep {
  /** Creation number of the winner, which may be gone after it. */
  readonly id: number;
  /** Its distance to the row before it moved; 0 where it was made. */
  readonly distance: number;
}

/** A map at rest: nodes in the order of their creation. */
export interface EvolvingState {
  readonly prototypes: Float64Array;
  readonly ids: Int32Array;
  /** Pairs of places i < j, [links, 2], in the order of their creation: a map goes on from it to the last digit. */
  readonly links: Int32Array;
  readonly strengths: Float64Array;
  /** Rows so far. */
  readonly rows: number;
  /** Creation number of the next node. */
  readonly nextId: number;
}

/**
 * An evolving self-organising map (Deng and Kasabov, "On-line pattern analysis by evolving self-organizing maps", Neurocomputing 51, 2003, section 3): rows
 * come one after the other, and each makes a node or moves those near it. Float64 throughout.
 *
 * Of a row x with distances d_i to the nodes w_i: where none is within ε, and there is room, a node is made at x, linked to the two nearest. Else the nearest
 * wins, and is linked to the second nearest. With activations a_i = exp(−2 d_i²/ε²) of the winner b and the nodes linked to it, links take the strength
 * a_b a_j, or β s + (1 − β) a_b a_j where they are not new, and w_i += γ a_i / Σ a (x − w_i). After every `pruneEvery` rows the weakest link goes, the oldest
 * of equally weak ones.
 */
export class EvolvingMap {
  readonly d: number;
  #prototypes: Float64Array;
  #squares = new Float64Array(64);
  readonly #nodes: Node[] = [];
  readonly #links: Link[] = [];
  #rows = 0;
  #nextId = 0;

  constructor(d: number, state?: EvolvingState) {
    this.d = d;
    this.#prototypes = new Float64Array(64 * d);
    if (!state) return;
    const count = state.ids.length;
    this.#prototypes = new Float64Array(Math.max(64, count) * d);
    this.#prototypes.set(state.prototypes);
    this.#squares = new Float64Array(Math.max(64, count));
    state.ids.forEach((id, place) => this.#nodes.push({ id, place, links: new Map() }));
    state.strengths.forEach((strength, i) => {
      this.#link(this.#nodes[state.links[2 * i]!]!, this.#nodes[state.links[2 * i + 1]!]!, strength);
    });
    [this.#rows, this.#nextId] = [state.rows, state.nextId];
  }

  /** Number of nodes. */
  get size(): number {
    return this.#nodes.length;
  }
  /** Rows so far, over all passes. */
  get rows(): number {
    return this.#rows;
  }
  /** Number of links. */
  get linkCount(): number {
    return this.#links.length;
  }
  /** The prototypes [size, d] as they are now, a view. */
  get prototypes(): Float64Array {
    return this.#prototypes.subarray(0, this.size * this.d);
  }
  /** Creation numbers of the nodes, ascending. */
  get ids(): Int32Array {
    return mapTo(Int32Array, this.#nodes, ({ id }) => id);
  }

  /** All that a saved map holds. */
  state(): EvolvingState {
    return {
      prototypes: this.prototypes.slice(),
      ids: this.ids,
      links: Int32Array.from(
        this.#links.flatMap(({ a, b }) => [Math.min(a.place, b.place), Math.max(a.place, b.place)]),
      ),
      strengths: mapTo(Float64Array, this.#links, ({ strength }) => strength),
      rows: this.#rows,
      nextId: this.#nextId,
    };
  }

  /** Connected components over links of at least this strength, numbered by their first node. */
  clusters(minStrength = 0): Int32Array<ArrayBuffer> {
    const near = this.#nodes.map(({ links }) =>
      [...links].filter(([, { strength }]) => strength >= minStrength).map(([{ place }]) => place),
    );
    return components(
      this.size,
      () => true,
      (place) => near[place]!,
    );
  }

  /**
   * Takes a row, d numbers of `rows` from `at` on.
   * @param among creation numbers of the nodes that may win; default all. Where fewer than two of them are left, all are searched
   */
  step(rows: ArrayLike<number>, at: number, options: EvolvingOptions, among?: readonly number[]): EvolvingStep {
    this.#rows++;
    const { epsilon, gamma, beta, maxNodes } = options;
    let winner: Node;
    let distance = 0;
    if (this.size === 0) winner = this.#insert(rows, at);
    else {
      const [nearest, second] = this.#nearest(rows, at, among);
      distance = Math.sqrt(this.#squares[nearest.place]!);
      const linked: Node[] = [];
      if (distance > epsilon && this.size < maxNodes) {
        distance = 0;
        winner = this.#insert(rows, at);
        linked.push(nearest, ...(second ? [second] : []));
      } else {
        winner = nearest;
        if (second && !winner.links.has(second)) linked.push(second);
      }
      this.#learn(winner, linked, rows, at, epsilon, gamma, beta);
    }
    if (options.pruneEvery > 0 && this.#rows % options.pruneEvery === 0) this.#prune(options.removeOrphans);
    return { id: winner.id, distance };
  }

  /** The nearest node and the second nearest, by place, −1 where there is none, and the squared distance to the nearest. */
  nearest(
    rows: ArrayLike<number>,
    at: number,
  ): { readonly place: number; readonly second: number; readonly square: number } {
    const [place, second] = this.#two(rows, at);
    return { place, second, square: place < 0 ? Infinity : this.#squares[place]! };
  }

  #square(rows: ArrayLike<number>, at: number, place: number): number {
    const { d } = this;
    const prototypes = this.#prototypes;
    let sum = 0;
    for (let c = 0, w = place * d; c < d; c++, w++) {
      const difference = rows[at + c]! - prototypes[w]!;
      sum += difference * difference;
    }
    return sum;
  }

  /**
   * Places of the nearest node and the second nearest, the older of equally near ones, −1 where there is none; their squared distances are left behind. A
   * sum of squares only grows: a node is out once its sum is not below that of the second nearest so far.
   */
  #two(rows: ArrayLike<number>, at: number, places?: readonly number[]): [number, number] {
    const { d } = this;
    const prototypes = this.#prototypes;
    const squares = this.#squares;
    let [first, second] = [-1, -1];
    let [least, next] = [Infinity, Infinity];
    const count = places ? places.length : this.size;
    for (let i = 0; i < count; i++) {
      const place = places ? places[i]! : i;
      const from = place * d;
      let sum = 0;
      for (let c = 0; c < d; c++) {
        const difference = rows[at + c]! - prototypes[from + c]!;
        sum += difference * difference;
        if (sum >= next) break;
      }
      if (sum < least || first < 0) {
        [second, next] = [first, least];
        [first, least] = [place, sum];
      } else if (sum < next || second < 0) [second, next] = [place, sum];
      else continue;
      squares[place] = sum;
    }
    return [first, second];
  }

  /** The two nearest nodes; squared distances of both, and of what is linked to the nearest, are left behind by place. */
  #nearest(rows: ArrayLike<number>, at: number, among?: readonly number[]): [Node, Node | undefined] {
    const squares = this.#squares;
    const [first, second] = this.#two(rows, at, among && this.#placesOf(among));
    for (const { place } of this.#nodes[first]!.links.keys()) squares[place] = this.#square(rows, at, place);
    return [this.#nodes[first]!, this.#nodes[second]];
  }

  /** Places of those nodes that are still there, ascending; undefined where fewer than two are. */
  #placesOf(ids: readonly number[]): number[] | undefined {
    const places: number[] = [];
    for (const id of ids) {
      const place = this.#placeOf(id);
      if (place >= 0) places.push(place);
    }
    return places.length > 1 ? places.sort((a, b) => a - b) : undefined;
  }

  #placeOf(id: number): number {
    const nodes = this.#nodes;
    let [low, high] = [0, nodes.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = nodes[middle]!.id;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #insert(rows: ArrayLike<number>, at: number): Node {
    const place = this.size;
    if ((place + 1) * this.d > this.#prototypes.length) {
      const grown = new Float64Array(2 * this.#prototypes.length);
      grown.set(this.#prototypes);
      this.#prototypes = grown;
      const squares = new Float64Array(2 * this.#squares.length);
      squares.set(this.#squares);
      this.#squares = squares;
    }
    for (let c = 0; c < this.d; c++) this.#prototypes[place * this.d + c] = rows[at + c]!;
    this.#squares[place] = 0;
    const node: Node = { id: this.#nextId++, place, links: new Map() };
    this.#nodes.push(node);
    return node;
  }

  #link(a: Node, b: Node, strength: number): void {
    const link: Link = { a, b, strength };
    a.links.set(b, link);
    b.links.set(a, link);
    this.#links.push(link);
  }

  #learn(
    winner: Node,
    linked: readonly Node[],
    rows: ArrayLike<number>,
    at: number,
    epsilon: number,
    gamma: number,
    beta: number,
  ): void {
    const squares = this.#squares;
    const scale = -2 / (epsilon * epsilon);
    const own = scale * squares[winner.place]!;
    // activations over the winner's, which is the greatest: never 0 / 0
    let total = 1;
    const share = (node: Node): number => Math.exp(scale * squares[node.place]! - own);
    for (const [node, link] of winner.links) {
      total += share(node);
      link.strength = beta * link.strength + (1 - beta) * Math.exp(own + scale * squares[node.place]!);
    }
    for (const node of linked) {
      total += share(node);
      this.#link(winner, node, Math.exp(own + scale * squares[node.place]!));
    }
    const move = (node: Node, gain: number): void => {
      const { d } = this;
      for (let c = 0, w = node.place * d; c < d; c++, w++)
        this.#prototypes[w]! += gain * (rows[at + c]! - this.#prototypes[w]!);
    };
    for (const node of winner.links.keys()) move(node, (gamma * share(node)) / total);
    move(winner, gamma / total);
  }

  #prune(removeOrphans: boolean): void {
    const links = this.#links;
    if (links.length === 0) return;
    let weakest = 0;
    for (let i = 1; i < links.length; i++) if (links[i]!.strength < links[weakest]!.strength) weakest = i;
    const [{ a, b }] = links.splice(weakest, 1) as [Link];
    a.links.delete(b);
    b.links.delete(a);
    if (!removeOrphans) return;
    for (const node of a.id < b.id ? [a, b] : [b, a])
      if (node.links.size === 0 && this.size > 1) {
        this.#prototypes.copyWithin(node.place * this.d, (node.place + 1) * this.d, this.size * this.d);
        this.#nodes.splice(node.place, 1);
        for (let place = node.place; place < this.size; place++) this.#nodes[place]!.place = place;
      }
  }
}
