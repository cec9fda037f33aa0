// A graph of ONNX as it is put together: values by name, nodes in the order in which they are computed.
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from "onnx-buf";
import type { AttributeProto, NodeProto, TensorProto } from "onnx-buf";
import type { Shape, Tensor } from "../tensor";
import { mapTo } from "../typed-arrays";

/** A value of the graph: its name, and the sizes of one item, without the axis of items. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
}

/** Of a node by name: whole numbers and lists of them; `{ float }` is a number that need not be whole. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

/** What a node takes beside its first value. */
export interface NodeParts {
  /** Names of further values. */
  readonly inputs?: readonly string[];
  readonly attributes?: Attributes;
  /** Sizes of an item of what it makes; default: those of the first value. */
  readonly shape?: Shape;
  /** Name of what it makes; default: one of its own. */
  readonly name?: string;
}

/** A graph in the making. */
export class OnnxGraph {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];

  /** What an operator makes of a value. */
  node(opType: string, x: Value, parts: NodeParts = {}): Value {
    const { inputs = [], attributes = {}, shape = x.shape, name = `${opType}_${this.nodes.length}` } = parts;
    this.nodes.push(
      create(NodeProtoSchema, {
        ...{ opType, name, input: [x.name, ...inputs], output: [name] },
        attribute: Object.entries(attributes).map(attribute),
      }),
    );
    return { name, shape };
  }

  /** Numbers of a tensor, read from its device; gives their name. */
  async weights(tensor: Tensor): Promise<string> {
    return this.floats((await tensor.data()) as Float32Array, tensor.shape);
  }

  /** Numbers in float32; gives their name. */
  floats(data: ArrayLike<number>, shape: Shape): string {
    return this.#initializer(DataType.FLOAT, shape, Float32Array.from(data).buffer);
  }

  /** Whole numbers, as operators take sizes; gives their name. */
  integers(values: readonly number[]): string {
    return this.#initializer(DataType.INT64, [values.length], mapTo(BigInt64Array, values, BigInt).buffer);
  }

  #initializer(dataType: DataType, shape: Shape, numbers: ArrayBuffer): string {
    const name = `value_${this.initializers.length}`;
    const dims = shape.map(BigInt);
    this.initializers.push(create(TensorProtoSchema, { name, dims, dataType, rawData: new Uint8Array(numbers) }));
    return name;
  }
}

function attribute([name, value]: [string, Attributes[string]]): AttributeProto {
  if (typeof value === "number")
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: value.map(BigInt) });
}
