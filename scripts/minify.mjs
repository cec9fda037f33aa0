// Minifies published modules so that bundlers can still leave out what a page does not use.
import { minify } from "vite";

/** A name that no program has. */
const MARK = "__PURE_MARK__";

/**
 * Minifies a module but keeps its `@__PURE__` annotations, which minifiers drop: without them a bundler could not leave out the
 * kernels that its page does not use. They travel as first arguments of the calls they mark.
 */
export async function minifyModule(name, code) {
  let marked = 0;
  const input = code.replace(/\/\* @__PURE__ \*\/ ((?:new )?[\w$.]+)\((\))?/g, (_, callee, empty) => {
    marked++;
    return `${callee}(${MARK}${empty ? ")" : ","}`;
  });
  const { code: output, errors } = await minify(name, input, {
    module: true,
    compress: { target: "es2022" },
    mangle: { toplevel: true },
    codegen: { removeWhitespace: true },
  });
  if (errors.length > 0) throw new Error(`minify ${name}: ${errors.map(({ message }) => message).join("\n")}`);
  let restored = 0;
  const annotated = output.replace(/((?:new )?[\w$.]+)\(__PURE_MARK__,?/g, (_, callee) => {
    restored++;
    return `/*@__PURE__*/${callee}(`;
  });
  if (restored !== marked) throw new Error(`minify ${name}: ${marked} annotations went in, ${restored} came out`);
  return annotated;
}
