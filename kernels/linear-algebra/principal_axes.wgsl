// Right singular vectors of each set x[s], [n, d], by orthogonal iteration: axes ← orthonormalised axes xᵀ x, `rounds` times
//
// A workgroup a set; scores [sets, n, count], x times axes of the last round; axes [sets, count, d], column j of all of them one invocation's.
// An axis that is left with less than 1e-6 of the first one's length has nothing of its own: it is 0.
struct Params { sets: u32, n: u32, d: u32, count: u32, rounds: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;
@group(0) @binding(3) var<storage, read_write> axes: array<f32>;

override size: u32 = 64u;
var<workgroup> tree: array<f32, size>;

// Σ of one value of each invocation, the same for all
fn total(lane: u32, value: f32) -> f32 {
  tree[lane] = value;
  workgroupBarrier();
  for (var step = size / 2u; step > 0u; step /= 2u) {
    if (lane < step) { tree[lane] += tree[lane + step]; }
    workgroupBarrier();
  }
  let sum = tree[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let s = group.x + group.y * groups.x;
  if (s >= params.sets) { return; }
  let rows = s * params.n * params.d;
  let products = s * params.n * params.count;
  let first = s * params.count * params.d;
  for (var j = lane; j < params.d; j += size) {
    for (var c = 0u; c < params.count; c++) { // numbers in [-1, 1) that no data is at right angles to
      let at = c * params.d + j;
      axes[first + at] = f32(((at + 1u) * 2654435769u) >> 8u) * (1.0 / 8388608.0) - 1.0;
    }
  }
  for (var round = 0u; round < params.rounds; round++) {
    storageBarrier();
    for (var t = lane; t < params.n * params.count; t += size) {
      let row = rows + t / params.count * params.d;
      let axis = first + t % params.count * params.d;
      var sum = 0.0;
      for (var j = 0u; j < params.d; j++) { sum += x[row + j] * axes[axis + j]; }
      scores[products + t] = sum;
    }
    storageBarrier();
    for (var j = lane; j < params.d; j += size) {
      for (var c = 0u; c < params.count; c++) {
        var sum = 0.0;
        for (var i = 0u; i < params.n; i++) { sum += x[rows + i * params.d + j] * scores[products + i * params.count + c]; }
        axes[first + c * params.d + j] = sum;
      }
    }
    var largest = 0.0;
    for (var c = 0u; c < params.count; c++) {
      let axis = first + c * params.d;
      for (var t = 0u; t < 2u * c; t++) { // every axis before it twice, since once leaves what was rounded away
        let before = first + t % c * params.d;
        var dot = 0.0;
        for (var j = lane; j < params.d; j += size) { dot += axes[axis + j] * axes[before + j]; }
        dot = total(lane, dot);
        for (var j = lane; j < params.d; j += size) { axes[axis + j] -= dot * axes[before + j]; }
      }
      var squares = 0.0;
      for (var j = lane; j < params.d; j += size) { squares += axes[axis + j] * axes[axis + j]; }
      squares = total(lane, squares);
      largest = max(largest, squares);
      let factor = select(0.0, inverseSqrt(squares), squares > 1e-12 * largest);
      for (var j = lane; j < params.d; j += size) { axes[axis + j] *= factor; }
    }
  }
}
