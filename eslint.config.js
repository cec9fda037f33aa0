import eslint from "@eslint/js";
import importX, { createNodeResolver } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The layers of src from the lowest up; a file imports from its own and from those below. Families of algorithms stand side by side. */
const LAYERS = [
  [
    "checks",
    "device",
    "host",
    "kernel",
    "ndarray",
    "options",
    "random",
    "event-loop",
    "in-order",
    "typed-arrays",
    "wasm",
    "webgpu",
  ],
  ["kernels", "request-device"],
  ["graph", "tensor"], // a tensor holds a node of the graph, whose type it imports
  ["ops"],
  ["autodiff"],
  ["data", "matrix", "metrics", "preprocessing", "sparse", "kinds"],
  ["lifecycle"],
  ["nn", "optim"],
  ["astronomy", "cluster", "density", "linear-algebra", "manifold", "neighbours", "som", "spectral", "text"],
  ["training"],
  ["generative", "models", "sets", "vision"],
  ["methods", "onnx"],
  ["report"],
  ["cli"],
  ["commands"],
];

const filesOf = (names) => names.flatMap((name) => [`./src/${name}`, `./src/${name}.ts`]);

/** For each layer what lies above it. */
const ZONES = LAYERS.slice(0, -1).map((names, i) => ({
  target: filesOf(names),
  from: filesOf(LAYERS.slice(i + 1).flat()),
  message: `${names.join(", ")} import from their own layer and from those below`,
}));

const SEEDS = [
  "BinaryExpression[operator=/^[-+*^|]$/] > Identifier[name=/^(seed|.*Seed)$/]",
  "BinaryExpression[operator=/^[-+*^|]$/] > MemberExpression[property.name=/^(seed|.*Seed)$/]",
  "NewExpression[callee.name='Random'] > Identifier.arguments[name=/^(seed|.*Seed)$/]",
].map((selector) => ({
  selector,
  message: 'a random stream is stream(seed, "its name", …places): nothing is added to a seed',
}));

const FROM = {
  selector:
    "CallExpression[callee.object.name=/^(Float|Int|Uint|Big).*Array$/][callee.property.name='from'][arguments.length=2]",
  message:
    "an engine's from(values, of) goes by the iterator, a hundred times slower than mapTo or generate (src/typed-arrays.ts)",
};

export default tseslint.config(
  { ignores: ["build/", "dist/", "out/", "site/", "wasm/", "node_modules/", "bench/node_modules/"] },
  eslint.configs.recommended,
  ...tseslint.configs.recommended,
  {
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "prefer-const": "error",
      eqeqeq: "error",
    },
  },
  { files: ["examples/**/*.ts", "bench/**/*.ts"], rules: { "no-restricted-syntax": ["error", ...SEEDS] } },
  { files: ["src/**/*.ts"], rules: { "no-restricted-syntax": ["error", ...SEEDS, FROM] } },
  {
    files: ["src/**/*.ts"],
    plugins: { "import-x": importX },
    settings: {
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".js"] })],
    },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones: ZONES }],
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
    },
  },
  {
    files: ["examples/**/*.ts", "bench/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(\\.\\./)+src/",
              message: "examples and bench import entries of the package",
            },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        performance: "readonly",
        Buffer: "readonly",
        WebAssembly: "readonly",
        setTimeout: "readonly",
        AbortController: "readonly",
      },
    },
  },
);
