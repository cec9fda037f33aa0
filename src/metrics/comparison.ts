import { ami, nmi, vMeasure } from "./information";
import type { Labels } from "./labels";
import { adjustedRandIndex, randIndex } from "./pair-counting";

/** How far two clusterings agree. */
export interface Agreement {
  /** Rand index. */
  readonly ri: number;
  /** Adjusted Rand index. */
  readonly ari: number;
  /** Adjusted mutual information, arithmetic mean. */
  readonly ami: number;
  /** V-measure. */
  readonly v: number;
  /** Normalized mutual information, geometric mean (with the arithmetic one it is V). */
  readonly nmi: number;
}

/** Two of the clusterings that `compareClusterings` was given. */
export interface ComparedPair extends Agreement {
  readonly a: string;
  readonly b: string;
}

/** How far two clusterings of the same items agree: all but the Rand index are 0 for independent ones, or near it, and all are 1 for equal ones. */
export function agreement(a: Labels, b: Labels): Agreement {
  return {
    ri: randIndex(a, b),
    ari: adjustedRandIndex(a, b),
    ami: ami(a, b),
    v: vMeasure(a, b),
    nmi: nmi(a, b, { average: "geometric" }),
  };
}

/**
 * Every pair of some clusterings of the same items, by name, in order: (1, 2), (1, 3), …, (2, 3), …. Known classes may be one of them.
 * @throws for clusterings of different length
 */
export function compareClusterings(clusterings: Readonly<Record<string, Labels>>): ComparedPair[] {
  const named = Object.entries(clusterings);
  return named.flatMap(([a, first], i) =>
    named.slice(i + 1).map(([b, second]) => ({ a, b, ...agreement(first, second) })),
  );
}
