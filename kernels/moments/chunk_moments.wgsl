// of each chunk: n = its rows without NaN or infinity, mean[a] = Σ (x_a − o_a) / n, m2[a,b] = Σ (x_a − o_a − mean_a)(x_b − o_b − mean_b), a ≤ b; origin o [d]
//
// x_a of row i is x[i·row_stride + a·column_stride]; chunks of `length` rows (8,192 at most); moments [chunks, 1 + d + d(d + 1)/2], m2 row by row of its
// upper half. A workgroup a chunk; an invocation a mean or a product, rows in order: the same sums every time. The WebAssembly twin takes 128 rows at
// a time about their own means, and merges these in float64.
struct Params { n: u32, d: u32, row_stride: u32, column_stride: u32, chunks: u32, length: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> origin: array<f32>;
@group(0) @binding(3) var<storage, read_write> moments: array<f32>;

override size: u32 = 64u;
var<workgroup> valid: array<u32, 256>;
var<workgroup> tree: array<u32, size>;

fn value(row: u32, column: u32) -> f32 {
  return x[row * params.row_stride + column * params.column_stride] - origin[column];
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let chunk = min(group.x + group.y * groups.x, params.chunks - 1u);
  let begin = chunk * params.length;
  let rows = min(params.length, params.n - begin);
  let base = chunk * (1u + params.d + params.d * (params.d + 1u) / 2u);
  var found = 0u;
  for (var word = lane; word < 256u; word += size) {
    var bits = 0u;
    for (var i = 0u; i < 32u; i++) {
      let row = 32u * word + i;
      if (row < rows) {
        var whole = true;
        for (var a = 0u; a < params.d; a++) {
          let bit_pattern = bitcast<u32>(x[(begin + row) * params.row_stride + a * params.column_stride]);
          whole = whole && (bit_pattern & 0x7f800000u) != 0x7f800000u;
        }
        bits |= select(0u, 1u << i, whole);
      }
    }
    valid[word] = bits;
    found += countOneBits(bits);
  }
  tree[lane] = found;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { tree[lane] += tree[lane + step]; }
    workgroupBarrier();
  }
  let n = f32(tree[0]);
  if (lane == 0u) { moments[base] = n; }
  for (var a = lane; a < params.d; a += size) {
    var sum = 0.0;
    for (var first = 0u; first < rows; first += 32u) { // sums of 32 first: fewer digits are lost
      var part = 0.0;
      let bits = valid[first / 32u];
      for (var i = 0u; i < 32u; i++) {
        if (((bits >> i) & 1u) == 1u) { part += value(begin + first + i, a); }
      }
      sum += part;
    }
    moments[base + 1u + a] = select(0.0, sum / n, n > 0.0);
  }
  storageBarrier();
  workgroupBarrier();
  let pairs = params.d * (params.d + 1u) / 2u;
  for (var pair = lane; pair < pairs; pair += size) {
    var a = 0u;
    var rest = pair;
    while (rest >= params.d - a) {
      rest -= params.d - a;
      a++;
    }
    let b = a + rest;
    let mean_a = moments[base + 1u + a];
    let mean_b = moments[base + 1u + b];
    var sum = 0.0;
    for (var first = 0u; first < rows; first += 32u) {
      var part = 0.0;
      let bits = valid[first / 32u];
      for (var i = 0u; i < 32u; i++) {
        if (((bits >> i) & 1u) == 1u) { part += (value(begin + first + i, a) - mean_a) * (value(begin + first + i, b) - mean_b); }
      }
      sum += part;
    }
    moments[base + 1u + params.d + pair] = sum;
  }
}
