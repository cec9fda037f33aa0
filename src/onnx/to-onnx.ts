import { create, toBinary } from "@bufbuild/protobuf";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataType as DataType,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { ValueInfoProto } from "onnx-buf";
import { checkNames, checkSizes } from "../checks";
import { Encoder } from "../generative/networks/coders";
import { Autoencoder } from "../nn/autoencoder";
import { FeatureNetwork } from "../nn/feature-network";
import { Module } from "../nn/module";
import { format } from "../tensor";
import { OnnxGraph } from "./graph";
import type { Value } from "./graph";
import { emitted, inTurn } from "./layers";

/** Options of `toOnnx`. */
export interface OnnxOptions {
  /** Sizes of an item, [features] or [channels, height, width]. Default: what the network says; layers alone do not say it. */
  readonly inputShape?: readonly number[];
  /** Texts by name that the file keeps, for whoever reads it; default none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Version of the operators, and of the file's format. */
const OPSET = 17n;
const FORMAT = 8n;

/**
 * The encoder of a network as a file of ONNX (format 8, operators 17): input `x` [n, …inputShape] in float32, any n.
 * Of an autoencoder the output is `code` [n, code]; of an encoder with several parts one each, as `mu`, `logvar` and `style`; of a feature network `features`
 * [n, featureSize], rectified where its classifier sees them so; of layers alone `y`. Weights as they are now, normalisation by running statistics.
 * @param network of a model (`model.network`), or layers: `Linear`, `Conv2d`, `ConvTranspose2d`, batch normalisation, pooling, `ReLU`, `LeakyReLU`, `Flatten`, `Sequential` of them
 * @throws for layers of another kind, and where the input shape is missing or does not fit
 */
export async function toOnnx(network: Module, options: OnnxOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  checkNames<OnnxOptions>("toOnnx", options, { inputShape: true, metadata: true });
  if (!(network instanceof Module)) throw new Error(`toOnnx: network must be a module, got ${String(network)}`);
  const own = inputShapeOf(network);
  const { inputShape = own, metadata = {} } = options;
  if (!inputShape) throw new Error(`toOnnx: inputShape must be given for ${network.constructor.name}, got none`);
  checkSizes("toOnnx", { inputShape });
  if (own && format(own) !== format(inputShape))
    throw new Error(`toOnnx: inputShape must be ${format(own)} as the network has it, got ${format(inputShape)}`);
  const graph = new OnnxGraph();
  const x: Value = { name: "x", shape: inputShape };
  const outputs = await outputsOf(network, x, graph);
  const model = create(ModelProtoSchema, {
    irVersion: FORMAT,
    producerName: "constella",
    opsetImport: [create(OperatorSetIdProtoSchema, { version: OPSET })],
    metadataProps: Object.entries(metadata).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
    graph: create(GraphProtoSchema, {
      ...{ name: network.constructor.name, node: graph.nodes, initializer: graph.initializers },
      ...{ input: [described(x)], output: outputs.map(described) },
    }),
  });
  return Uint8Array.from(toBinary(ModelProtoSchema, model));
}

/** What a network encodes by, where it has such a part. */
function encoderOf(network: Module): Encoder | Autoencoder | undefined {
  if (network instanceof Encoder || network instanceof Autoencoder) return network;
  return Object.values(network).find((part): part is Encoder => part instanceof Encoder);
}

function inputShapeOf(network: Module): readonly number[] | undefined {
  const encoder = encoderOf(network);
  if (encoder instanceof Autoencoder) return encoder.encoder[0]!.weight.shape.slice(1);
  return encoder?.inputShape ?? (network instanceof FeatureNetwork ? network.inputShape : undefined);
}

async function outputsOf(network: Module, x: Value, graph: OnnxGraph): Promise<Value[]> {
  const named = (value: Value, name: string): Value => graph.node("Identity", value, { name });
  const encoder = encoderOf(network);
  if (encoder instanceof Autoencoder) return [named(await inTurn(encoder.encoder, x, graph), "code")];
  if (encoder) return parts(encoder, await emitted(encoder, x, graph), graph);
  const y = await emitted(network, x, graph);
  if (!(network instanceof FeatureNetwork)) return [named(y, "y")];
  return [named(network.rectified ? graph.node("Relu", y) : y, "features")];
}

/** The named parts of a code. */
function parts({ codes }: Encoder, code: Value, graph: OnnxGraph): Value[] {
  let at = 0;
  return codes.map(([name, count]) => {
    const [begin, end] = [at, (at += count)];
    const bounds = [[begin], [end], [1]].map((values) => graph.integers(values));
    return graph.node("Slice", code, { inputs: bounds, shape: [count], name });
  });
}

function described({ name, shape }: Value): ValueInfoProto {
  const sizes = shape.map((size) => ({ case: "dimValue", value: BigInt(size) }) as const);
  const dim = [{ case: "dimParam", value: "n" } as const, ...sizes].map((value) =>
    create(TensorShapeProto_DimensionSchema, { value }),
  );
  const value = create(TypeProto_TensorSchema, {
    elemType: DataType.FLOAT,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value } }),
  });
}
