import type { FitsCard, FitsValue } from "./card";

/** A header, or keywords by name: what the sky's functions take. */
export type HeaderLike = FitsHeader | Readonly<Record<string, FitsValue | undefined>>;

/** The keywords of one HDU of a FITS file, in their order. Names are compared without regard to case. */
export class FitsHeader {
  readonly cards: readonly FitsCard[];
  readonly #first = new Map<string, FitsCard>();

  constructor(cards: readonly FitsCard[] = []) {
    this.cards = cards;
    for (const card of cards) if (!this.#first.has(card.key)) this.#first.set(card.key, card);
  }

  /** A header as it is; of keywords by name, one in their order. */
  static of(header: HeaderLike): FitsHeader {
    if (header instanceof FitsHeader) return header;
    const given = Object.entries(header).filter(([, value]) => value !== undefined);
    return new FitsHeader(given.map(([key, value]) => ({ key: key.toUpperCase(), value: value!, comment: "" })));
  }

  /** The first card of that name. */
  card(key: string): FitsCard | undefined {
    return this.#first.get(key.trim().toUpperCase());
  }

  /** Whether there is such a keyword. */
  has(key: string): boolean {
    return this.card(key) !== undefined;
  }

  /**
   * The value of the first card of that name: null for a keyword without one, undefined where there is no such keyword.
   * @throws `fits: KEY …` for a value that cannot be read
   */
  get(key: string): FitsValue | undefined {
    const card = this.card(key);
    if (card && card.value === undefined && card.text !== undefined)
      throw new Error(`fits: ${card.key} must be a string, number or logical, got ${card.text}`);
    return card?.value;
  }

  /** The comment behind a value, "" where there is none. */
  comment(key: string): string {
    return this.card(key)?.comment ?? "";
  }

  /** A string, undefined where the keyword is missing or has no value. @throws for any other value */
  string(key: string): string | undefined {
    return this.#typed(key, "a string", (value) => (typeof value === "string" ? value : undefined));
  }

  /** A logical. Throws as `string`. */
  logical(key: string): boolean | undefined {
    return this.#typed(key, "T or F", (value) => (typeof value === "boolean" ? value : undefined));
  }

  /** A number, of a large integer its nearest. Throws as `string`. */
  number(key: string): number | undefined {
    return this.#typed(key, "a number", (value) =>
      typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined,
    );
  }

  /** An integer below 2^53, written without point or exponent. Throws as `string`. */
  integer(key: string): number | undefined {
    const written = this.card(key)?.text;
    return this.#typed(key, "an integer", (value) =>
      Number.isSafeInteger(value) && (written === undefined || /^[+-]?\d+$/.test(written))
        ? (value as number)
        : undefined,
    );
  }

  /** Lines of HISTORY. */
  get history(): string[] {
    return this.#texts("HISTORY");
  }

  /** Lines of COMMENT. */
  get comments(): string[] {
    return this.#texts("COMMENT");
  }

  #texts(key: string): string[] {
    return this.cards.filter((card) => card.key === key).map(({ comment }) => comment.trimEnd());
  }

  #typed<T>(key: string, rule: string, take: (value: FitsValue) => T | undefined): T | undefined {
    const value = this.get(key);
    if (value === undefined || value === null) return undefined;
    const taken = take(value);
    if (taken === undefined)
      throw new Error(`fits: ${key} must be ${rule}, got ${this.card(key)?.text ?? JSON.stringify(String(value))}`);
    return taken;
  }
}
