// q[i, j] = u[i, j] / Σ_j u[i, j], u = ((alpha + s_min) / (alpha + s))^((alpha + 1) / 2), s[i, j] = |z_i - mu_j|², s_min its least in row i;
// parts[i] = scale · Σ_j p ln(p / q), 0 and p not read where scale is 0; z [n, d], mu [k, d], p and q [n, k].
// A workgroup owns 16 rows, sixteen lanes a row, and takes mu in tiles of 16 x 16.
struct Params { n: u32, k: u32, d: u32, alpha: f32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read> mu: array<f32>;
@group(0) @binding(3) var<storage, read> p: array<f32>;
@group(0) @binding(4) var<storage, read_write> q: array<f32>;
@group(0) @binding(5) var<storage, read_write> parts: array<f32>;

var<workgroup> rows: array<f32, 256>;
var<workgroup> centres: array<f32, 272>; // transposed, 17 apart against bank conflicts
var<workgroup> partial: array<f32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

fn is_finite(v: f32) -> bool { return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u; }

// whether row i of z and one of the centres at least are made of finite numbers
fn comparable(i: u32) -> bool {
  let d = params.d;
  for (var t = 0u; t < d; t++) {
    if (!is_finite(z[i * d + t])) { return false; }
  }
  for (var j = 0u; j < params.k; j++) {
    var whole = true;
    for (var t = 0u; t < d; t++) { whole = whole && is_finite(mu[j * d + t]); }
    if (whole) { return true; }
  }
  return false;
}

// the smaller, NaN where either is
fn smaller(a: f32, b: f32) -> f32 { return select(select(min(a, b), b, is_nan(b)), a, is_nan(a)); }

// the sum, or for `least` the minimum, over the sixteen lanes of a row
fn over_row(value: f32, lane: u32, least: bool) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var step = 8u; step > 0u; step /= 2u) {
    if (lane % 16u < step) {
      let other = partial[lane + step];
      partial[lane] = select(partial[lane] + other, smaller(partial[lane], other), least);
    }
    workgroupBarrier();
  }
  return partial[lane - lane % 16u];
}

// ln(a / b), by the series of artanh where the quotient is near 1
fn log_ratio(a: f32, b: f32) -> f32 {
  let y = (a - b) / (a + b);
  let s = y * y;
  let near = 2.0 * y * (1.0 + s * (0.33333334 + s * (0.2 + s * (0.14285715 + s * 0.11111111))));
  return select(select(log(max(a / b, 1.1754944e-38)), near, abs(y) < 0.2), y, is_nan(y));
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = lane / 16u;
  let c = lane % 16u;
  let i = (group.x + group.y * groups.x) * 16u + row;
  let live = i < params.n;
  let d = params.d;
  let k = params.k;
  var nearest = 1e38f;
  for (var j0 = 0u; j0 < k; j0 += 16u) {
    var s = 0.0;
    for (var t0 = 0u; t0 < d; t0 += 16u) {
      let t = t0 + c;
      var a = 0.0;
      var b = 0.0;
      if (live && t < d) { a = z[i * d + t]; }
      if (j0 + row < k && t < d) { b = mu[(j0 + row) * d + t]; }
      workgroupBarrier();
      rows[lane] = a;
      centres[c * 17u + row] = b;
      workgroupBarrier();
      for (var u = 0u; u < 16u; u++) {
        let difference = rows[row * 16u + u] - centres[u * 17u + c];
        s += difference * difference;
      }
    }
    if (live && j0 + c < k) {
      s = select(min(s, 1e38f), s, is_nan(s));
      q[i * k + j0 + c] = s;
      nearest = smaller(nearest, s);
    }
  }
  nearest = over_row(nearest, lane, true);
  if (live && nearest >= 1e38f && !comparable(i)) { nearest = bitcast<f32>(bitcast<u32>(nearest) | 0x7fc00000u); } // not squares that overflowed
  let exponent = 0.5 * (params.alpha + 1.0);
  var total = 0.0;
  if (live) {
    for (var j = c; j < k; j += 16u) {
      var u = (params.alpha + nearest) / (params.alpha + q[i * k + j]);
      if (exponent != 1.0) { u = select(exp(exponent * log(max(u, 1.1754944e-38))), u, is_nan(u)); }
      q[i * k + j] = u;
      total += u;
    }
  }
  total = over_row(total, lane, false);
  var loss = 0.0;
  if (live) {
    for (var j = c; j < k; j += 16u) {
      let quotient = q[i * k + j] / total;
      q[i * k + j] = quotient;
      if (params.scale != 0.0) {
        let target_share = p[i * k + j];
        if (target_share > 0.0 || !is_finite(target_share)) { loss += target_share * log_ratio(target_share, select(max(quotient, 1.1754944e-38), quotient, is_nan(quotient))); }
      }
    }
  }
  loss = over_row(loss, lane, false);
  if (live && c == 0u) { parts[i] = loss * params.scale; }
}
