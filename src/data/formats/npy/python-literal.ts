/** A Python literal: text, integer, True or False, None, a list or tuple, or a dictionary with text keys. */
export type PythonLiteral = string | number | boolean | null | PythonLiteral[] | Map<string, PythonLiteral>;

const TOKEN =
  /\s*(?:(?<mark>[{}()[\],:])|'(?<single>(?:[^'\\\n]|\\.)*)'|"(?<double>(?:[^"\\\n]|\\.)*)"|(?<integer>-?\d+)L?|(?<word>True|False|None))/gy;
const MAX_DEPTH = 8;

/** The value written in `text`, or undefined if it is no such literal. Numbers are integers, as npy headers need no others. */
export function parsePythonLiteral(text: string): PythonLiteral | undefined {
  const tokens = [...text.matchAll(TOKEN)];
  const last = tokens.at(-1);
  if (!last || text.slice(last.index + last[0].length).trim() !== "") return undefined;
  let next = 0;

  const skip = (mark: string): boolean => {
    if (tokens[next]?.groups?.mark !== mark) return false;
    next++;
    return true;
  };

  const items = (close: string, depth: number, item: () => boolean): boolean => {
    if (depth > MAX_DEPTH) return false;
    while (!skip(close)) {
      if (!item()) return false;
      if (!skip(",") && tokens[next]?.groups?.mark !== close) return false;
    }
    return true;
  };

  const value = (depth: number): PythonLiteral | undefined => {
    const token = tokens[next++]?.groups;
    if (!token) return undefined;
    const { mark, integer, word } = token;
    if (integer !== undefined) return Number(integer);
    if (word !== undefined) return word === "None" ? null : word === "True";
    if (mark === undefined) return unescape(token.single ?? token.double ?? "");
    if (mark === "(" || mark === "[") {
      const list: PythonLiteral[] = [];
      const item = (): boolean => {
        const v = value(depth + 1);
        if (v !== undefined) list.push(v);
        return v !== undefined;
      };
      return items(mark === "(" ? ")" : "]", depth, item) ? list : undefined;
    }
    if (mark !== "{") return undefined;
    const dictionary = new Map<string, PythonLiteral>();
    const item = (): boolean => {
      const key = value(depth + 1);
      if (typeof key !== "string" || dictionary.has(key) || !skip(":")) return false;
      const v = value(depth + 1);
      if (v !== undefined) dictionary.set(key, v);
      return v !== undefined;
    };
    return items("}", depth, item) ? dictionary : undefined;
  };

  const result = value(0);
  return next === tokens.length ? result : undefined;
}

const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

function unescape(body: string): string {
  return body.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|(.))/gi, (_, x?: string, u?: string, c?: string) =>
    c === undefined ? String.fromCharCode(parseInt(x ?? u ?? "", 16)) : (ESCAPES[c] ?? c),
  );
}
