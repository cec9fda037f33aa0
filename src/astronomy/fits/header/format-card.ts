import { CARD, type FitsCard, type FitsValue } from "./card";

/** A keyword to write: its name, value and comment; the value of COMMENT and HISTORY is their text. */
export type CardLike = FitsCard | readonly [key: string, value: FitsValue, comment?: string];

/** Columns of text in a COMMENT or HISTORY card. */
const TEXT = CARD - 8;
const PRINTABLE = /^[ -~]*$/;
const NAME = /^[A-Z0-9_-]+$/;

function checkText(text: string, key: string): void {
  if (!PRINTABLE.test(text)) throw new Error(`fits: ${key} must be printable ASCII, got ${JSON.stringify(text)}`);
}

/** A number as FITS has it: integers without point, others with as many digits as they need. */
function numberText(value: number | bigint, key: string): string {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return String(value);
  if (!Number.isFinite(value)) throw new Error(`fits: ${key} must be finite, got ${value}`);
  if (!Number.isInteger(value)) return String(value).toUpperCase();
  const text = value.toExponential().toUpperCase();
  return text.includes(".") ? text : text.replace("E", ".0E");
}

function valueText(value: FitsValue, key: string): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "object") return `(${value.map((part) => numberText(part, key)).join(", ")})`;
  return numberText(value as number | bigint, key);
}

/** A string cut so that each piece, its quotes doubled, has at most `room` characters, the first `first`. */
function chunksOf(text: string, first: number, room: number): string[] {
  const cut: string[] = [""];
  for (const character of text) {
    const next = character === "'" ? "''" : character;
    if (cut.at(-1)!.length + next.length > (cut.length === 1 ? first : room)) cut.push("");
    cut[cut.length - 1] += next;
  }
  return cut;
}

/** A line with as much of the comment as fits. */
const commented = (text: string, comment: string): string =>
  (comment === "" || text.length + 4 > CARD ? text : `${text} / ${comment}`).slice(0, CARD).padEnd(CARD);

function stringCards(start: string, value: string, comment: string): string[] {
  const doubled = value.replaceAll("'", "''");
  const card = `${start}'${doubled.padEnd(start.length === 10 ? 8 : 0)}'`;
  if (card.length <= CARD) return [commented(start.length === 10 ? card.padEnd(30) : card, comment)];
  const cut = chunksOf(value, CARD - start.length - 3, CARD - 13);
  return cut.map((piece, i) => {
    const line = `${i === 0 ? start : "CONTINUE  "}'${piece}${i < cut.length - 1 ? "&" : ""}'`;
    return i < cut.length - 1 ? line.padEnd(CARD) : commented(line, comment);
  });
}

/** One keyword as lines of 80 characters. @throws `fits: …` for what a header cannot hold */
export function formatCard(card: CardLike): string[] {
  const isCard = !Array.isArray(card);
  const given: FitsCard = isCard
    ? (card as FitsCard)
    : { key: card[0] as string, value: card[1] as FitsValue, comment: (card[2] as string | undefined) ?? "" };
  const key = given.key.trim().toUpperCase();
  if (key === "" || key === "COMMENT" || key === "HISTORY") {
    const text = typeof given.value === "string" ? given.value : given.comment;
    checkText(text, key || "text");
    const count = Math.max(1, Math.ceil(text.length / TEXT));
    return Array.from({ length: count }, (_, i) => key.padEnd(8) + text.slice(i * TEXT, (i + 1) * TEXT).padEnd(TEXT));
  }
  if (!key.split(" ").every((word) => NAME.test(word)))
    throw new Error(`fits: keywords must be of A-Z, 0-9, _ and -, got ${JSON.stringify(given.key)}`);
  checkText(given.comment, `comment of ${key}`);
  if (given.value === undefined && given.text === undefined)
    return [key.padEnd(8) + given.comment.slice(0, TEXT).padEnd(TEXT)];
  const isLong = key.length > 8 || key.includes(" ");
  const start = isLong ? `HIERARCH ${key} = ` : `${key.padEnd(8)}= `;
  if (typeof given.value === "string") {
    checkText(given.value, key);
    return stringCards(start, given.value.trimEnd(), given.comment);
  }
  const text = given.text ?? valueText(given.value!, key);
  const line = isLong ? start + text : start + text.padStart(20);
  if (line.length > CARD)
    throw new Error(`fits: ${key} must fit into one card, its value takes ${text.length} characters`);
  return [commented(line, given.comment)];
}
