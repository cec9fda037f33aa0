// scores_ij = constants[j] − ½ ‖F_j (x_i − μ_j)‖²; log_prob[i] = ln Σ_j e^scores_ij, resp[i,j] = e^(scores_ij − log_prob[i])
//
// x [n,d], means [k,d]; F_j lower triangular, factors [k,d,d], or with `diagonal` its diagonal, factors [k,d]; an invocation a row.
struct Params { n: u32, d: u32, k: u32, diagonal: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> means: array<f32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read> constants: array<f32>;
@group(0) @binding(5) var<storage, read_write> resp: array<f32>;
@group(0) @binding(6) var<storage, read_write> log_prob: array<f32>;

override size: u32 = 64u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let d = params.d;
  let row = i * d;
  let out = i * params.k;
  var largest = -3.4028234e38f;
  for (var j = 0u; j < params.k; j++) {
    let mean = j * d;
    var square = 0.0;
    for (var a = 0u; a < d; a++) {
      var sum = 0.0;
      if (params.diagonal == 1u) {
        sum = factors[mean + a] * (x[row + a] - means[mean + a]);
      } else {
        let factor = (mean + a) * d;
        for (var b = 0u; b <= a; b++) { sum += factors[factor + b] * (x[row + b] - means[mean + b]); }
      }
      square += sum * sum;
    }
    let score = constants[j] - 0.5 * square;
    resp[out + j] = score;
    largest = max(largest, score);
  }
  var total = 0.0;
  for (var j = 0u; j < params.k; j++) {
    let value = exp(resp[out + j] - largest);
    resp[out + j] = value;
    total += value;
  }
  for (var j = 0u; j < params.k; j++) { resp[out + j] /= total; }
  log_prob[i] = largest + log(total);
}
