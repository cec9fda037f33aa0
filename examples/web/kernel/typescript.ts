// The user's op as a program has it.
import type { Declared } from "./op";
import type { KernelSpec, Side } from "./protocol";

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const indented = (code: string): string =>
  code.trimEnd().replaceAll("`", "\\`").replaceAll("${", "\\${").replace(/^/gm, "    ");

/** Names of the params and sizes in a grid, as the params that `grid` is given. */
function gridOf(side: Side, declaration: Declared["forward"], fields: Readonly<Record<string, string>>): string {
  let text = side.grid;
  for (const { name } of declaration.params) {
    const value = fields[name]?.trim() ?? "";
    if (/^[A-Z]\w*$/.test(value)) text = text.replace(new RegExp(`\\b${value}\\b`, "g"), `p.${name}!`);
  }
  text = text.replace(/\b(ceil|floor|min|max|sqrt)\b/g, "Math.$1");
  const parts = [text];
  return `[${parts.join("")}]`;
}

function definition(
  name: string,
  side: Side,
  declaration: Declared["forward"],
  fields: Readonly<Record<string, string>>,
): string {
  const { bindings, params, workgroupSize } = declaration;
  const axes = side.grid.replace(/\([^()]*(\([^()]*\)[^()]*)*\)/g, "").split(",").length;
  const ones = ", 1".repeat(Math.max(0, 3 - axes));
  return `const ${camelCase(name)} = defineKernel({
  name: "${name}",
  wgsl: /* wgsl */ \`
${indented(side.code)}\`,
  bindings: { ${bindings.map((binding) => `${binding.name}: "${binding.access}"`).join(", ")} },
  params: { ${params.map((param) => `${param.name}: "${param.type}"`).join(", ")} },
  workgroupSize: [${workgroupSize.join(", ")}],
  grid: (p) => ${gridOf(side, declaration, fields).slice(0, -1)}${ones}],
  rows: () => 1,
  cpu: () => {
    throw new Error("${name}: write the twin for the WASM device here");
  },
});`;
}

/** The two kernels, and the op that joins them. */
export function typescriptOf(spec: KernelSpec, declared: Declared): string {
  const { forward, backward, inputs, output, differentiable } = declared;
  const sized = forward.params.map(({ name }) => name);
  const args = (side: Declared["forward"]): string =>
    [...side.bindings, ...side.params].map(({ name }) => name).join(", ");
  const name = camelCase(spec.name);
  const gradient = backward
    ? `record("${spec.name}", ${output}, [${inputs.join(", ")}], (d${output}) => {
    const gradients = () => {
      ${differentiable.map((input) => `const d${input} = empty(${input}.device, ${input}.shape);`).join("\n      ")}
      run(${name}Backward, { ${args(backward)} });
      return { ${differentiable.map((input) => `d${input}`).join(", ")} };
    };
    let made: ReturnType<typeof gradients> | undefined;
    return [${inputs.map((input) => (differentiable.includes(input) ? `() => (made ??= gradients()).d${input}` : `() => zeros(${input}.device, ${input}.shape)`)).join(", ")}];
  })`
    : output;
  const names = [
    "defineKernel",
    "empty",
    ...(backward ? ["record"] : []),
    "run",
    ...(backward && differentiable.length < inputs.length ? ["zeros"] : []),
    "type Shape",
    "type Tensor",
  ];
  return `import { ${names.join(", ")} } from "constella";

${definition(spec.name, spec.forward, forward, spec.fields)}
${backward ? `\n${definition(`${spec.name}_backward`, spec.backward!, backward, spec.fields)}\n` : ""}
export function ${name}Op(${inputs.map((input) => `${input}: Tensor`).join(", ")}, shape: Shape, { ${sized.join(", ")} }: Record<string, number>): Tensor {
  const ${output} = empty(${inputs[0] ?? output}.device, shape);
  run(${name}, { ${args(forward)} });
  return ${gradient};
}
`;
}
