// Modules as operators of ONNX, each by its class: what they compute after `eval()`.
import { Encoder, Dense } from "../generative/networks/coders";
import { ResidualBlock } from "../generative/networks/residual";
import { sizeOf } from "../ndarray";
import { BatchNorm } from "../nn/batch-norm";
import { Conv2d, ConvTranspose2d } from "../nn/convolution";
import { MLP } from "../nn/feature-network";
import { Flatten, LeakyReLU, ReLU } from "../nn/layers";
import { Linear } from "../nn/linear";
import { Sequential } from "../nn/module";
import type { Module } from "../nn/module";
import { AvgPool2d, GlobalAvgPool2d, MaxPool2d } from "../nn/pooling";
import { VGG } from "../nn/vgg";
import type { Activation } from "../ops/elementwise";
import { pairOf } from "../ops/images/pair";
import type { Pair } from "../ops/images/pair";
import { format } from "../tensor";
import type { Shape, Tensor } from "../tensor";
import type { Attributes, OnnxGraph, Value } from "./graph";

type Class<M extends Module> = abstract new (...given: never[]) => M;
type Emit<M extends Module> = (layer: M, x: Value, graph: OnnxGraph) => Value | Promise<Value>;

const SLOPE = 0.01;
/** Operators of activations. */
const OPERATORS: Readonly<Record<Activation, string>> = {
  relu: "Relu",
  leakyRelu: "LeakyRelu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
};

interface Activated {
  readonly activation?: Activation | undefined;
  readonly slope?: number | undefined;
}

function activated(graph: OnnxGraph, x: Value, { activation, slope = SLOPE }: Activated): Value {
  if (!activation) return x;
  const attributes: Attributes = activation === "leakyRelu" ? { alpha: { float: slope } } : {};
  return graph.node(OPERATORS[activation], x, { attributes });
}

/** Items of other sizes, in the same order of their numbers. */
export function reshaped(graph: OnnxGraph, x: Value, shape: Shape): Value {
  if (format(x) === format(shape)) return x;
  return graph.node("Reshape", x, { inputs: [graph.integers([-1, ...shape])], shape });
}

const optional = async (graph: OnnxGraph, tensor: Tensor | undefined): Promise<string[]> =>
  tensor ? [await graph.weights(tensor)] : [];

async function linear(layer: Linear, x: Value, graph: OnnxGraph, { activation, slope }: Activated): Promise<Value> {
  const [outputs, inputs] = layer.weight.shape as [number, number];
  if (x.shape.length !== 1 || x.shape[0] !== inputs)
    throw new Error(`toOnnx: a Linear here takes items of ${inputs} numbers, got ${format(x)}`);
  const parameters = [await graph.weights(layer.weight), ...(await optional(graph, layer.bias))];
  const y = graph.node("Gemm", x, { inputs: parameters, attributes: { transB: 1 }, shape: [outputs] });
  return activated(graph, y, { activation, slope });
}

/** Zeros before and behind an axis of so many pixels. */
function zeros(size: number, kernel: number, stride: number, padding: number | "same"): readonly [number, number] {
  if (padding !== "same") return [padding, padding];
  const all = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernel - size);
  return [Math.floor(all / 2), Math.ceil(all / 2)];
}

/** Attributes of windows on planes, and the sizes of what they make. */
function windows(x: Value, kernel: Pair, stride: Pair, padding: Pair | "same") {
  const [, ...sides] = x.shape;
  if (sides.length !== 2) throw new Error(`toOnnx: planes are [channels, height, width], got ${format(x)}`);
  const [sizes, steps] = [pairOf(kernel), pairOf(stride)];
  const around = sides.map((size, i) => {
    return zeros(size, sizes[i]!, steps[i]!, padding === "same" ? padding : pairOf(padding)[i]!);
  });
  return {
    attributes: {
      kernel_shape: sizes,
      strides: steps,
      pads: [...around.map(([before]) => before), ...around.map(([, behind]) => behind)],
    },
    sides: sides.map((size, i) => {
      return Math.floor((size + around[i]![0] + around[i]![1] - sizes[i]!) / steps[i]!) + 1;
    }),
  };
}

async function convolution({ weight, bias, options }: Conv2d, x: Value, graph: OnnxGraph): Promise<Value> {
  const [outputs, , kh, kw] = weight.shape as [number, number, number, number];
  const { attributes, sides } = windows(x, [kh, kw], options.stride ?? 1, options.padding ?? 0);
  const inputs = [await graph.weights(weight), ...(await optional(graph, bias))];
  return activated(graph, graph.node("Conv", x, { inputs, attributes, shape: [outputs, ...sides] }), options);
}

async function transposed({ weight, bias, options }: ConvTranspose2d, x: Value, graph: OnnxGraph): Promise<Value> {
  const [, outputs, ...kernel] = weight.shape as [number, number, number, number];
  const [strides, padding] = [pairOf(options.stride ?? 1), pairOf(options.padding ?? 0)];
  const more = pairOf(options.outputPadding ?? 0);
  const sides = x.shape.slice(1).map((size, i) => {
    return (size - 1) * strides[i]! - 2 * padding[i]! + kernel[i]! + more[i]!;
  });
  const y = graph.node("ConvTranspose", x, {
    inputs: [await graph.weights(weight), ...(await optional(graph, bias))],
    attributes: { kernel_shape: kernel, strides, pads: [...padding, ...padding], output_padding: more },
    shape: [outputs, ...sides],
  });
  return activated(graph, y, options);
}

async function normalization(layer: BatchNorm, x: Value, graph: OnnxGraph): Promise<Value> {
  const { gamma, beta, runningMean, runningVariance, options } = layer;
  const { shape } = runningMean;
  const all = (value: number): string => graph.floats(new Float32Array(shape[0]!).fill(value), shape);
  const inputs = [
    gamma ? await graph.weights(gamma) : all(1),
    beta ? await graph.weights(beta) : all(0),
    await graph.weights(runningMean),
    await graph.weights(runningVariance),
  ];
  const attributes = { epsilon: { float: options.eps ?? 1e-5 } };
  return activated(graph, graph.node("BatchNormalization", x, { inputs, attributes }), options);
}

function pooling(operator: "MaxPool" | "AveragePool"): Emit<MaxPool2d | AvgPool2d> {
  return ({ kernel, options }, x, graph) => {
    const { attributes, sides } = windows(x, kernel, options.stride ?? kernel, options.padding ?? 0);
    const counted: Attributes = operator === "AveragePool" ? { count_include_pad: 1 } : {};
    return graph.node(operator, x, { attributes: { ...attributes, ...counted }, shape: [x.shape[0]!, ...sides] });
  };
}

async function residual(block: ResidualBlock, x: Value, graph: OnnxGraph): Promise<Value> {
  const { first, second, slope } = block;
  const y = await inTurn([first, second], x, graph);
  return activated(graph, graph.node("Add", y, { inputs: [x.name] }), { activation: "leakyRelu", slope });
}

async function encoder(network: Encoder, x: Value, graph: OnnxGraph): Promise<Value> {
  const planes = network.convolutions.length > 0 ? reshaped(graph, x, network.inputShape) : x;
  const made = await inTurn(network.convolutions, planes, graph);
  return inTurn([...network.layers, network.head], reshaped(graph, made, [sizeOf(made.shape)]), graph);
}

async function vgg({ blocks, hidden, hiddenNorm, output }: VGG, x: Value, graph: OnnxGraph): Promise<Value> {
  const maps = await inTurn(blocks, x, graph);
  return inTurn([hidden, hiddenNorm, output], reshaped(graph, maps, [sizeOf(maps.shape)]), graph);
}

const emitter = <M extends Module>(type: Class<M>, emit: Emit<M>): readonly [Class<Module>, Emit<Module>] => [
  type,
  emit as Emit<Module>,
];

const EMITTERS = [
  emitter(Sequential, ({ layers }, x, graph) => inTurn(layers, x, graph)),
  emitter(Linear, (layer, x, graph) => linear(layer, x, graph, layer)),
  emitter(Dense, ({ linear: layer, slope }, x, graph) =>
    linear(layer, x, graph, slope === 1 ? {} : { activation: "leakyRelu", slope }),
  ),
  emitter(Conv2d, convolution),
  emitter(ConvTranspose2d, transposed),
  emitter(BatchNorm, normalization),
  emitter(ReLU, (_, x, graph) => activated(graph, x, { activation: "relu" })),
  emitter(LeakyReLU, ({ slope }, x, graph) => activated(graph, x, { activation: "leakyRelu", slope })),
  emitter(Flatten, ({ from }, x, graph) => {
    if (from < 1) throw new Error(`toOnnx: a Flatten must keep the axis of items, got one from axis ${from}`);
    const kept = x.shape.slice(0, from - 1);
    return reshaped(graph, x, [...kept, sizeOf(x.shape.slice(from - 1))]);
  }),
  emitter(MaxPool2d, pooling("MaxPool")),
  emitter(AvgPool2d, pooling("AveragePool")),
  emitter(GlobalAvgPool2d, (_, x, graph) => {
    const [channels] = x.shape as [number];
    return reshaped(graph, graph.node("GlobalAveragePool", x, { shape: [channels, 1, 1] }), [channels]);
  }),
  emitter(ResidualBlock, residual),
  emitter(Encoder, encoder),
  emitter(MLP, ({ layers }, x, graph) => inTurn(layers, x, graph)),
  emitter(VGG, vgg),
];

/** What a module makes of a value. @throws for a module that ONNX has not been told of */
export async function emitted(module: Module, x: Value, graph: OnnxGraph): Promise<Value> {
  const found = EMITTERS.find(([type]) => module instanceof type);
  if (!found) throw new Error(`toOnnx: the network must be of layers that ONNX has, got ${module.constructor.name}`);
  return found[1](module, x, graph);
}

/** What modules make of a value one after the other. */
export async function inTurn(modules: readonly Module[], x: Value, graph: OnnxGraph): Promise<Value> {
  let value = x;
  for (const module of modules) value = await emitted(module, value, graph);
  return value;
}
