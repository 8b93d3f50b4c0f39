import protobuf from 'protobufjs'

/** Precision of a graph's arithmetic. */
export type Precision = 'float32' | 'float64'

/**
 * Builds one ONNX graph node by node. Every node has a unique name and, except `split`, one output.
 *
 * Inside the graph the batch is stored by *columns*, one feature after another: half of the features is then contiguous memory, and
 * a per-feature constant is one number for the batch. `toColumns` and `toRows` transpose.
 */
export class OnnxGraph {
  readonly #nodes: object[] = []
  readonly #initializers: object[] = []
  readonly #inputs: object[] = []
  readonly #outputs: object[] = []
  #count = 0

  constructor(
    private readonly name: string,
    private readonly precision: Precision,
  ) {}

  /** A float32 input, in the graph's precision from here on. */
  input(name: string, shape: readonly (number | string)[]): string {
    this.#inputs.push(valueInfo(name, shape, FLOAT))
    return this.precision === 'float32' ? name : this.node('Cast', [name], { to: DOUBLE })
  }

  /** A constant in the graph's precision. */
  tensor(data: Float32Array | Float64Array, shape: readonly number[]): string {
    const rawData = bytesOf(this.precision === 'float32' ? new Float32Array(data) : new Float64Array(data))
    return this.#initializer({ dims: shape, dataType: TYPES[this.precision], rawData })
  }

  /** An int64 constant of one axis, which is how newer operators take axes and lengths. */
  tensor64(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt)
    return this.#initializer({ dims: [values.length], dataType: INT64, rawData: bytesOf(data) })
  }

  /** A constant of one number, broadcast to any shape. */
  scalar(number: number): string {
    return this.tensor(Float64Array.of(number), [1])
  }

  /** [batch, width] → columns */
  toColumns(rows: string, width: number): string {
    const turned = this.node('Transpose', [rows])
    return this.#isConv ? this.node('Reshape', [turned, this.tensor64([1, width, 1, -1])]) : turned
  }

  /** Columns → [batch, width] */
  toRows(columns: string, width: number): string {
    const flat = this.#isConv ? this.node('Reshape', [columns, this.tensor64([width, -1])]) : columns
    return this.node('Transpose', [flat])
  }

  /** A constant of one number for each of the columns. */
  perColumn(data: Float32Array | Float64Array): string {
    return this.tensor(data, this.#isConv ? [data.length, 1, 1] : [data.length, 1])
  }

  /**
   * x·W + b of every row, from columns to columns.
   *
   * In float32 a 1 × 1 convolution: ONNX Runtime blocks a chain of them for the processor's vector width and fuses bias and ReLU,
   * which it does not do for matrix products. It has no float64 convolution.
   *
   * @param weight  [inputs, outputs], row-major
   * @param bias    [outputs]
   */
  dense(columns: string, weight: Float64Array, bias: Float64Array): string {
    const [inputs, outputs] = [weight.length / bias.length, bias.length]
    const turned = new Float64Array(weight.length)
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        turned[output * inputs + input] = weight[input * outputs + output]!
      }
    }
    return this.#isConv
      ? this.node('Conv', [columns, this.tensor(turned, [outputs, inputs, 1, 1]), this.tensor(bias, [outputs])])
      : this.node('Gemm', [this.tensor(turned, [outputs, inputs]), columns, this.tensor(bias, [outputs, 1])])
  }

  /** Concatenates columns. */
  stack(columns: readonly string[]): string {
    return columns.length === 1 ? columns[0]! : this.node('Concat', columns, { axis: this.#columnAxis })
  }

  pickColumns(columns: string, places: readonly number[]): string {
    return this.node('Gather', [columns, this.tensor64(places)], { axis: this.#columnAxis })
  }

  halveColumns(columns: string, width: number): readonly [string, string] {
    return this.split(columns, this.tensor64([width, width]), 2, this.#columnAxis) as [string, string]
  }

  /** Columns → sum of each row, [batch] */
  sumColumns(columns: string): string {
    const axes = this.tensor64(this.#isConv ? [0, 1, 2] : [0])
    return this.node('ReduceSum', [columns, axes], { keepdims: 0 })
  }

  /** Columns → largest of each row, as one column. */
  maxColumn(columns: string): string {
    return this.node('ReduceMax', [columns], { axes: [this.#columnAxis], keepdims: 1 })
  }

  node(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.#fresh(opType)
    this.#addNode(opType, inputs, [output], attributes)
    return output
  }

  /** Splits a value along an axis. */
  split(input: string, lengths: string, count: number, axis: number): readonly string[] {
    const outputs = Array.from({ length: count }, () => this.#fresh('Split'))
    this.#addNode('Split', [input, lengths], outputs, { axis })
    return outputs
  }

  /** Booleans as 1 and 0 in the graph's precision. */
  cast(truths: string): string {
    return this.node('Cast', [truths], { to: TYPES[this.precision] })
  }

  /** Makes a value an output of the graph. */
  output(name: string, value: string, shape: readonly (number | string)[]): void {
    this.#addNode('Identity', [value], [name], {})
    this.#outputs.push(valueInfo(name, shape, TYPES[this.precision]))
  }

  encode(): Uint8Array {
    const model = {
      irVersion: 8,
      producerName: 'outflow',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name: this.name,
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs,
      },
    }
    return ModelProto.encode(ModelProto.create(model)).finish()
  }

  /** Columns are [1, width, 1, batch] to be convolved, else [width, batch]. */
  get #isConv(): boolean {
    return this.precision === 'float32'
  }

  get #columnAxis(): number {
    return this.#isConv ? 1 : 0
  }

  #fresh(opType: string): string {
    this.#count += 1
    return `${opType.toLowerCase()}_${this.#count}`
  }

  #initializer(tensor: object): string {
    const name = this.#fresh('constant')
    this.#initializers.push({ ...tensor, name })
    return name
  }

  #addNode(opType: string, input: readonly string[], output: readonly string[], attributes: Attributes): void {
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number' ? { name, i: value, type: INT_ATTRIBUTE } : { name, ints: value, type: INTS_ATTRIBUTE },
    )
    this.#nodes.push({ opType, input, output, name: output[0], attribute })
  }
}

/** Enum values of onnx.proto: TensorProto.DataType and AttributeProto.AttributeType. */
const FLOAT = 1
const INT64 = 7
const DOUBLE = 11
const TYPES: Readonly<Record<Precision, number>> = { float32: FLOAT, float64: DOUBLE }
const INT_ATTRIBUTE = 2
const INTS_ATTRIBUTE = 7

type Attributes = Readonly<Record<string, number | readonly number[]>>

/** The first opset with ReduceSum's axes and Split's lengths as inputs; runtimes from 2020 on read it. */
const OPSET = 13

function valueInfo(name: string, shape: readonly (number | string)[], elemType: number): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }))
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

function bytesOf(data: Float32Array | Float64Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/**
 * The messages of onnx.proto3 that a flow needs; only the fields that are written.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */
const ONNX_PROTO = `
syntax = "proto3";
message ModelProto {
  int64 ir_version = 1;
  string producer_name = 2;
  GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
}
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1;
  string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message AttributeProto { string name = 1; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message TypeProto { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TensorShapeProto { repeated Dimension dim = 1; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }`

const ModelProto = protobuf.parse(ONNX_PROTO).root.lookupType('ModelProto')
