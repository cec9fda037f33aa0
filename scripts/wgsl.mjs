// Shaders as they are published.

const TOKEN = /\/\/[^\n]*|\s+|\w+|./gsu;

/**
 * A shader without comments and white space, otherwise as it was: names stay, since they compress to nothing and errors quote them.
 * @param {string} code valid WGSL; block comments are not looked for
 */
export function stripWgsl(code) {
  let result = "";
  let space = false;
  for (const [token] of code.matchAll(TOKEN)) {
    if (/^(\s|\/\/)/.test(token)) {
      space = true;
      continue;
    }
    const last = result.at(-1) ?? "";
    const words = /\w/.test(last) && /^\w/.test(token);
    const operators = /[-+*/%&|^<>=!]/.test(last) && /^[-+*/%&|^<>=!]/.test(token); // `> =`, `- -1`
    result += space && (words || operators) ? ` ${token}` : token;
    space = false;
  }
  return result;
}
