// y[r] = the discrete Hartley transform of row r: y[r,k] = Σ_i x[r,i] (cos 2πik/length + sin 2πik/length), for k below `kept`; x [rows, given], y [rows, kept]
//
// Rows are padded with zeros to `length`, a power of two from 8 to 2048; turns[2j], turns[2j + 1]: cos and sin of 2πj/length for j below length/2. A workgroup
// takes a row. Bracewell, "Discrete Hartley transform", J. Opt. Soc. Am. 73 (1983), by decimation in time: numbers enter in the order of their reversed bits.
struct Params { rows: u32, given: u32, kept: u32, length: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> turns: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

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
  // k = 0 goes with k = reach / 2, whose angle is a right one
  let t1 = select(b * turns[j] + d * turns[j + 1u], b, k == 0u);
  let t2 = select(b * turns[j + 1u] - d * turns[j], d, k == 0u);
  line[at + k] = a + t1;
  line[at + reach + k] = a - t1;
  line[at + mirror] = c + t2;
  line[at + reach + mirror] = c - t2;
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = min(group.x + group.y * groups.x, params.rows - 1u);
  let shift = 1u + countLeadingZeros(params.length);
  for (var i = lane; i < params.length; i += size) {
    let source = reverseBits(i) >> shift;
    line[i] = select(0.0, x[r * params.given + min(source, params.given - 1u)], source < params.given);
  }
  workgroupBarrier();
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
  for (var i = lane; i < params.kept; i += size) { y[r * params.kept + i] = line[i]; }
}
