// y[·,c] = the first `rows` of H(factors[·,c] · H(x[·,c])), H the Hartley transform of columns padded with zeros to `length`; x and y [rows, length]
//
// factors [length/2 + 1, length/2 + 1] is that of a kernel that is even along both axes, whose other numbers mirror these: with rows transformed before and
// after, y is the convolution. turns as in hartley.wgsl. A workgroup takes a column.
struct Params { rows: u32, length: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> turns: array<f32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

override size: u32 = 128u;
var<workgroup> line: array<f32, 2048>;

fn butterfly(t: u32, reach: u32) {
  let k = t % (reach / 2u);
  let at = t / (reach / 2u) * reach * 2u;
  let a = line[at + k];
  let b = line[at + reach + k];
  let mirror = select(reach - k, reach / 2u, k == 0u);
  let c = line[at + mirror];
  let d = line[at + reach + mirror];
  let j = 2u * k * (params.length / (2u * reach));
  let t1 = select(b * turns[j] + d * turns[j + 1u], b, k == 0u);
  let t2 = select(b * turns[j + 1u] - d * turns[j], d, k == 0u);
  line[at + k] = a + t1;
  line[at + reach + k] = a - t1;
  line[at + mirror] = c + t2;
  line[at + reach + mirror] = c - t2;
}

fn transform(lane: u32) {
  for (var t = lane; t < params.length / 2u; t += size) {
    let a = line[2u * t];
    let b = line[2u * t + 1u];
    line[2u * t] = a + b;
    line[2u * t + 1u] = a - b;
  }
  workgroupBarrier();
  for (var reach = 2u; reach < params.length; reach *= 2u) {
    for (var t = lane; t < params.length / 4u; t += size) { butterfly(t, reach); }
    workgroupBarrier();
  }
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let c = min(group.x + group.y * groups.x, params.length - 1u);
  let shift = 1u + countLeadingZeros(params.length);
  for (var i = lane; i < params.length; i += size) {
    let source = reverseBits(i) >> shift;
    line[i] = select(0.0, x[min(source, params.rows - 1u) * params.length + c], source < params.rows);
  }
  workgroupBarrier();
  transform(lane);
  let width = params.length / 2u + 1u;
  let column = min(c, params.length - c);
  // each number and the one at its reversed place are multiplied and change places
  for (var i = lane; i < params.length; i += size) {
    let j = reverseBits(i) >> shift;
    if (i <= j) {
      let first = line[i] * factors[min(i, params.length - i) * width + column];
      let second = line[j] * factors[min(j, params.length - j) * width + column];
      line[i] = second;
      line[j] = first;
    }
  }
  workgroupBarrier();
  transform(lane);
  for (var i = lane; i < params.rows; i += size) { y[i * params.length + c] = line[i]; }
}
