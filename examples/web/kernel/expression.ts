// Arithmetic as people type it into a field: 4 * ceil(N / 64). Evaluated here, since the page's security policy forbids eval.

type Names = Readonly<Record<string, number>>;

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  min: Math.min,
  max: Math.max,
  sqrt: Math.sqrt,
};

const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|([-+*/%(),]))/y;

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error(`“${text}”: ${JSON.stringify(text[at])} is no part of an expression`);
    tokens.push(match[1] ?? match[2] ?? match[3]!);
  }
  return tokens;
}

/**
 * The values of expressions that are separated by commas, over numbers, names, + − * / % and ceil, floor, min, max, sqrt.
 * @throws for an unknown name, listing those there are, and for what does not parse
 */
export function evaluateList(text: string, names: Names): number[] {
  const tokens = tokenize(text);
  let at = 0;
  const take = (token: string): boolean => tokens[at] === token && ++at > 0;
  const expect = (token: string): void => {
    if (!take(token))
      throw new Error(`“${text}”: ${token} is missing${at < tokens.length ? ` before ${tokens[at]!}` : " at the end"}`);
  };
  const list = (end: string | undefined): number[] => {
    const values: number[] = [];
    if (tokens[at] === end) return values;
    do values.push(sum());
    while (take(","));
    return values;
  };
  const atom = (): number => {
    const token = tokens[at++];
    if (token === undefined) throw new Error(`“${text}”: it ends too early`);
    if (token === "-") return -atom();
    if (token === "(") {
      const value = sum();
      expect(")");
      return value;
    }
    if (/^[\d.]/.test(token)) return Number(token);
    const call = FUNCTIONS[token];
    if (call && take("(")) {
      const values = list(")");
      expect(")");
      return call(...values);
    }
    if (!Object.hasOwn(names, token))
      throw new Error(
        `“${text}”: there is no ${token}; there are ${[...Object.keys(names), ...Object.keys(FUNCTIONS)].join(", ")}`,
      );
    return names[token]!;
  };
  const product = (): number => {
    let value = atom();
    for (;;)
      if (take("*")) value *= atom();
      else if (take("/")) value /= atom();
      else if (take("%")) value %= atom();
      else return value;
  };
  const sum = (): number => {
    let value = product();
    for (;;)
      if (take("+")) value += product();
      else if (take("-")) value -= product();
      else return value;
  };
  const values = list(undefined);
  if (at < tokens.length) throw new Error(`“${text}”: ${tokens[at]!} was not expected`);
  return values;
}

/** The value of one expression. @throws as `evaluateList`, and for several */
export function evaluate(text: string, names: Names): number {
  const values = evaluateList(text, names);
  if (values.length !== 1) throw new Error(`“${text}”: one value is needed, it has ${values.length}`);
  return values[0]!;
}
