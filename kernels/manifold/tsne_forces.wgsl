// With w_ij = 1 / (1 + ‖y_i − y_j‖²): forces[i] = (Σ_j p_ij w_ij (y_i − y_j), Σ_j w_ij² (y_i − y_j)), sums[i] = (Σ_(j≠i) w_ij, Σ_j p_ij ln(p_ij / w_ij))
//
// y [n,dim], dim up to 3; p [n,n], not read for the REPULSION alone, its sums 0 then; the last sum for the DIVERGENCE only. An invocation takes a row and
// all pass over the points together, 64 at a time.
struct Params { n: u32, dim: u32, mode: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> p: array<f32>;
@group(0) @binding(3) var<storage, read_write> forces: array<f32>;
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

// mode: what is summed: the repulsion alone, the attraction too, or the divergence as well
const REPULSION = 0u;
const ATTRACTION = 1u;
const DIVERGENCE = 2u;

override size: u32 = 64u;
var<workgroup> others: array<vec4f, size>;

fn place(i: u32) -> vec4f {
  let at = min(i, params.n - 1u) * params.dim;
  var v = vec4f(y[at], 0.0, 0.0, 0.0);
  if (params.dim > 1u) { v.y = y[at + 1u]; }
  if (params.dim > 2u) { v.z = y[at + 2u]; }
  return v;
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.x + group.y * groups.x) * size + lane;
  let row = min(i, params.n - 1u) * params.n;
  let own = place(i);
  var attraction = vec4f();
  var repulsion = vec4f();
  var total = 0.0;
  var divergence = 0.0;
  for (var start = 0u; start < params.n; start += size) {
    workgroupBarrier();
    others[lane] = place(start + lane);
    workgroupBarrier();
    let count = min(size, params.n - start);
    var part = vec4f();
    var near = 0.0;
    for (var t = 0u; t < count; t++) {
      let away = own - others[t];
      let w = 1.0 / (1.0 + dot(away, away));
      part += (w * w) * away;
      near += select(w, 0.0, start + t == i);
      if (params.mode != REPULSION) {
        let probability = p[row + start + t];
        attraction += (probability * w) * away;
        if (params.mode == DIVERGENCE && probability > 0.0) { divergence += probability * (log(probability) - log(w)); }
      }
    }
    repulsion += part;
    total += near;
  }
  if (i >= params.n) { return; }
  let to = 2u * params.dim * i;
  for (var c = 0u; c < params.dim; c++) {
    forces[to + c] = attraction[c];
    forces[to + params.dim + c] = repulsion[c];
  }
  sums[2u * i] = total;
  sums[2u * i + 1u] = divergence;
}
