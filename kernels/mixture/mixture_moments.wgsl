// sums[c,j] over the rows i of chunk c: Σ r_ij, Σ r_ij (x_i − μ_j) [d], Σ r_ij (x_i − μ_j)(x_i − μ_j)ᵀ below the diagonal and on it [d,d], or its diagonal [d]
//
// x [n,d], resp [n,k], means [k,d]; a chunk has `length` rows; an invocation an element of the sums.
struct Params { n: u32, d: u32, k: u32, diagonal: u32, chunks: u32, length: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> resp: array<f32>;
@group(0) @binding(3) var<storage, read> means: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

override size: u32 = 64u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  let d = params.d;
  let width = 1u + d + select(d * d, d, params.diagonal == 1u);
  if (at >= params.chunks * params.k * width) { return; }
  let element = at % width;
  let j = at / width % params.k;
  let first = at / (width * params.k) * params.length;
  let last = min(first + params.length, params.n);
  var a = 0u;
  var b = 0u;
  var order = 0u;
  if (element > d) {
    order = 2u;
    let second = element - 1u - d;
    a = select(second / d, second, params.diagonal == 1u);
    b = select(second % d, second, params.diagonal == 1u);
  } else if (element > 0u) {
    order = 1u;
    a = element - 1u;
  }
  var sum = 0.0;
  if (b <= a) {
    let left = means[j * d + a];
    let right = means[j * d + b];
    for (var i = first; i < last; i++) {
      var term = resp[i * params.k + j];
      if (order > 0u) { term *= x[i * d + a] - left; }
      if (order > 1u) { term *= x[i * d + b] - right; }
      sum += term;
    }
  }
  sums[at] = sum;
}
