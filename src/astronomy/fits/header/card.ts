/** What a keyword of a FITS header may hold: integers beyond 2^53 are bigints, a pair is a complex number, null a keyword without value. */
export type FitsValue = string | number | bigint | boolean | readonly [re: number, im: number] | null;

/** One keyword of a FITS header. */
export interface FitsCard {
  /** In upper case; of a HIERARCH card what follows that word. `COMMENT`, `HISTORY` and blank ones have their text in `comment`. */
  readonly key: string;
  /** Undefined for cards that hold text alone, and for values that cannot be read. */
  readonly value?: FitsValue;
  readonly comment: string;
  /** The value as the file has it; numbers are written back in these words. */
  readonly text?: string;
}

/** Bytes of a card. */
export const CARD = 80;

const INTEGER = /^[+-]?\d+$/;
const REAL = /^[+-]?(\d+\.?\d*|\.\d+)([EDed][+-]?\d+)?$/;
const COMPLEX = /^\(([^,()]+),([^,()]+)\)$/;

/** The string that begins at a quote, and where what follows it begins; undefined where no quote ends it. */
function quoted(text: string, begin: number): { readonly value: string; readonly end: number } | undefined {
  for (let at = begin + 1; at < text.length; at++) {
    if (text[at] !== "'") continue;
    if (text[at + 1] === "'") at++;
    else return { value: text.slice(begin + 1, at).replaceAll("''", "'"), end: at + 1 };
  }
  return undefined;
}

const real = (text: string): number | undefined => (REAL.test(text) ? Number(text.replace(/[Dd]/, "E")) : undefined);

function number(text: string): FitsValue | undefined {
  if (!INTEGER.test(text)) return real(text);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text.replace(/^\+/, ""));
}

function complex(text: string): FitsValue | undefined {
  const [, re, im] = COMPLEX.exec(text) ?? [];
  const pair = [re, im].map((part) => part !== undefined && real(part.trim()));
  return typeof pair[0] === "number" && typeof pair[1] === "number" ? [pair[0], pair[1]] : undefined;
}

const commentOf = (rest: string): string => (/^\s*\//.test(rest) ? rest.replace(/^\s*\//, "").trim() : "");

/** The value and comment of a card after its equals sign. Strings keep their trailing blanks here, for what continues them. */
function valued(rest: string): Omit<FitsCard, "key"> {
  const begin = rest.search(/\S/);
  if (rest[begin] === "'") {
    const found = quoted(rest, begin);
    return found
      ? { value: found.value, comment: commentOf(rest.slice(found.end)) }
      : { comment: "", text: rest.trim() };
  }
  const slash = rest.indexOf("/");
  const text = (slash < 0 ? rest : rest.slice(0, slash)).trim();
  const comment = slash < 0 ? "" : rest.slice(slash + 1).trim();
  if (text === "") return { value: null, comment };
  if (text === "T" || text === "F") return { value: text === "T", comment, text };
  const value = number(text) ?? complex(text);
  return value === undefined ? { comment, text } : { value, comment, text };
}

/** One card of 80 characters by itself. */
function parseCard(line: string): FitsCard {
  const key = line.slice(0, 8).trimEnd();
  if (key === "HIERARCH") {
    const equals = line.indexOf("=");
    if (equals > 8) return { key: line.slice(8, equals).trim().toUpperCase(), ...valued(line.slice(equals + 1)) };
  }
  if (key === "CONTINUE") return { key, ...valued(line.slice(8)) };
  const isText = key === "" || key === "COMMENT" || key === "HISTORY";
  if (isText || line[8] !== "=") return { key, comment: line.slice(8).trimEnd() };
  return { key: key.toUpperCase(), ...valued(line.slice(9)) };
}

const joined = (a: string, b: string): string => (a && b ? `${a} ${b}` : a + b);

/**
 * The cards of a header before its END: long strings joined (CONTINUE), HIERARCH names in full.
 * Source: FITS standard 4.0, section 4.
 */
export function parseCards(header: Uint8Array): FitsCard[] {
  const cards: FitsCard[] = [];
  /** Whether the last card is a string that ends with & and so may go on. */
  let goesOn = false;
  for (let at = 0; at + CARD <= header.length; at += CARD) {
    const line = String.fromCharCode(...header.subarray(at, at + CARD));
    if (line.trimEnd() === "END") break;
    const card = parseCard(line);
    const last = cards.at(-1);
    if (card.key === "CONTINUE") {
      if (goesOn && typeof last?.value === "string" && typeof card.value === "string") {
        const value = last.value.trimEnd().slice(0, -1) + card.value;
        cards[cards.length - 1] = { key: last.key, value, comment: joined(last.comment, card.comment) };
        goesOn = value.trimEnd().endsWith("&");
        continue;
      }
      cards.push({ key: "CONTINUE", comment: line.slice(8).trimEnd() });
      goesOn = false;
      continue;
    }
    cards.push(card);
    goesOn = typeof card.value === "string" && card.value.trimEnd().endsWith("&");
  }
  return cards.map((card) => (typeof card.value === "string" ? { ...card, value: card.value.trimEnd() } : card));
}
