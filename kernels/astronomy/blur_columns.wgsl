// y[b, i, j] = Σ_t weights[b, t] sums[b, halo + i + t - r, j] / the same Σ of shares, NaN where that is 0, r = radii[b]; x, sums, shares [b, h + 2 halo, w],
// y [b, h, w], weights [b, k], radii [b]. r = 0: x itself. preserve: NaN where x is.
struct Params { b: u32, h: u32, w: u32, k: u32, halo: u32, preserve: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read> shares: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read> radii: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<u32>;

override size: u32 = 256u;

const NOTHING = 0x7fc00000u;

fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * size;
  if (at >= params.b * params.h * params.w) { return; }
  let band = at / (params.h * params.w);
  let i = at / params.w % params.h;
  let j = at % params.w;
  let start = band * (params.h + 2u * params.halo) * params.w + j;
  let center = x[start + (params.halo + i) * params.w];
  let r = radii[band];
  if (r == 0u || (params.preserve == 1u && is_nan(center))) {
    y[at] = bitcast<u32>(center);
    return;
  }
  var sum = 0.0;
  var share = 0.0;
  let first = params.halo + i - r;
  for (var t = 0u; t <= 2u * r; t++) {
    let weight = weights[band * params.k + t];
    let source = start + (first + t) * params.w;
    sum += weight * sums[source];
    share += weight * shares[source];
  }
  y[at] = select(NOTHING, bitcast<u32>(sum / select(1.0, share, share > 0.0)), share > 0.0);
}
