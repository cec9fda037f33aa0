// dx[i] = dy[0] · scale · ∂loss(a[i], b[i]) / ∂a for side 0, / ∂b for side 1, i < n; op as in pair_loss.wgsl; vectors of four
struct Params { n: u32, op: u32, side: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;

const TINY = vec4f(1.1754944e-38);
override size: u32 = 256u;

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  let u = a[i];
  let v = b[i];
  let first = params.side == 0u;
  var g = vec4f(0.0);
  switch params.op {
    case 0u: { g = 2.0 * (u - v); if (!first) { g = -g; } }
    case 1u: { g = sign(u - v); if (!first) { g = -g; } }
    case 2u: {
      if (first) { g = (u - v) / max(u * (1.0 - u), vec4f(1e-12)); }
      else { g = log(max(1.0 - u, TINY)) - log(max(u, TINY)); }
    }
    case 3u: {
      let e = exp(-abs(u));
      if (first) { g = select(e, vec4f(1.0), u >= vec4f(0.0)) / (1.0 + e) - v; } else { g = -u; }
    }
    default: {
      if (first) { g = select(vec4f(0.0), 1.0 + log(max(max(u, TINY) / max(v, TINY), TINY)), u > vec4f(0.0)); }
      else { g = -u / max(v, TINY); }
    }
  }
  dx[i] = g * (dy[0] * params.scale);
}
