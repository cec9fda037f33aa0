// With w_ij = 1 / (1 + ‖y_i − y_j‖²): forces[i] = Σ_j p_ij w_ij (y_i − y_j), sums[i] = Σ_j p_ij ln(p_ij / w_ij) over the stored p_ij of row i
//
// y [n,dim], dim up to 3; p in compressed rows: starts [n + 1], columns and values; an invocation a row. Sums are 0 but for the DIVERGENCE.
struct Params { n: u32, dim: u32, mode: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read> columns: array<u32>;
@group(0) @binding(4) var<storage, read> values: array<f32>;
@group(0) @binding(5) var<storage, read_write> forces: array<f32>;
@group(0) @binding(6) var<storage, read_write> sums: array<f32>;

// mode: what is summed: the attraction alone, or the divergence too
const ATTRACTION = 1u;
const DIVERGENCE = 2u;

override size: u32 = 64u;

fn place(i: u32) -> vec4f {
  let at = i * params.dim;
  var v = vec4f(y[at], 0.0, 0.0, 0.0);
  if (params.dim > 1u) { v.y = y[at + 1u]; }
  if (params.dim > 2u) { v.z = y[at + 2u]; }
  return v;
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let own = place(i);
  var force = vec4f();
  var divergence = 0.0;
  for (var e = starts[i]; e < starts[i + 1u]; e++) {
    let probability = values[e];
    let away = own - place(columns[e]);
    let w = 1.0 / (1.0 + dot(away, away));
    force += (probability * w) * away;
    if (params.mode == DIVERGENCE && probability > 0.0) { divergence += probability * (log(probability) - log(w)); }
  }
  for (var c = 0u; c < params.dim; c++) { forces[i * params.dim + c] = force[c]; }
  sums[i] = divergence;
}
