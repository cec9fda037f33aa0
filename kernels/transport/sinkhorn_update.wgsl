// r_j = mass / Σ_c partials[c, j] within 10^±30, or with `absorb` u_j = u_j + ln (mass / Σ_c partials[c, j]) and r_j = 1; r and u [k]
//
// partials [chunks, k]. A workgroup adds up 16 columns in 16 groups of chunks each.
struct Params { k: u32, chunks: u32, absorb: u32, mass: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> r: array<f32>;
@group(0) @binding(3) var<storage, read_write> u: array<f32>;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let j = (group.x + group.y * groups.x) * 16u + lane % 16u;
  var sum = 0.0;
  if (j < params.k) {
    for (var c = lane / 16u; c < params.chunks; c += 16u) { sum += partials[c * params.k + j]; }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var step = 128u; step >= 16u; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  if (lane < 16u && j < params.k) {
    if (params.absorb == 1u) {
      u[j] += log(params.mass) - log(partial[lane]);
      r[j] = 1.0;
    } else {
      r[j] = clamp(params.mass / partial[lane], 1e-30, 1e30);
    }
  }
}
