// trace[i] = tr (A½ B A½)½ of covariances a, b [n, d, d], with the maps between their Gaussians: to_b = A⁻½ (A½ B A½)½ A⁻½ and to_a, its like the
// other way. As the sum of the singular values of LₐᵀL_b of their Cholesky factors, by one-sided Jacobi rotations; directions without variance are
// left out. `work` [n, 4, d, d] is lent. An invocation takes a pair.
struct Params { n: u32, d: u32, sweeps: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> trace: array<f32>;
@group(0) @binding(4) var<storage, read_write> to_a: array<f32>;
@group(0) @binding(5) var<storage, read_write> to_b: array<f32>;
@group(0) @binding(6) var<storage, read_write> work: array<f32>;

override size: u32 = 64u;

// the Cholesky factor of a (or b) at `start_at`, into work at `to`; columns without a pivot stay zero
fn factor(start_at: u32, to: u32, second: bool) {
  let d = params.d;
  var largest = 0.0;
  for (var i = 0u; i < d; i++) { largest = max(largest, select(a[start_at + i * d + i], b[start_at + i * d + i], second)); }
  for (var j = 0u; j < d; j++) {
    for (var i = 0u; i < d; i++) {
      var sum = select(a[start_at + i * d + j], b[start_at + i * d + j], second);
      for (var k = 0u; k < j; k++) { sum -= work[to + i * d + k] * work[to + j * d + k]; }
      var entry = 0.0;
      if (i == j && sum > 1e-7 * largest) { entry = sqrt(sum); }
      let pivot = work[to + j * d + j];
      if (i > j && pivot > 0.0) { entry = sum / pivot; }
      work[to + i * d + j] = entry;
    }
  }
}

// map = right factor · P · (left factor)⁻¹ for P = column factors v, w of rank one each: map Lₗ = R, row by row
fn divide(map: u32, left: u32, second: bool) {
  let d = params.d;
  for (var i = 0u; i < d; i++) {
    for (var back = 0u; back < d; back++) {
      let j = d - 1u - back;
      var sum = 0.0;
      if (second) { sum = to_a[map + i * d + j]; } else { sum = to_b[map + i * d + j]; }
      for (var k = j + 1u; k < d; k++) {
        if (second) { sum -= to_a[map + i * d + k] * work[left + k * d + j]; } else { sum -= to_b[map + i * d + k] * work[left + k * d + j]; }
      }
      let pivot = work[left + j * d + j];
      let entry = select(0.0, sum / max(pivot, 1e-30), pivot > 0.0);
      if (second) { to_a[map + i * d + j] = entry; } else { to_b[map + i * d + j] = entry; }
    }
  }
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let item = id.x + id.y * groups.x * size;
  if (item >= params.n) { return; }
  let d = params.d;
  let area = d * d;
  let la = item * 4u * area;
  let lb = la + area;
  let m = lb + area;
  let v = m + area;
  factor(item * area, la, false);
  factor(item * area, lb, true);
  for (var i = 0u; i < d; i++) {
    for (var j = 0u; j < d; j++) {
      var sum = 0.0;
      for (var k = max(i, j); k < d; k++) { sum += work[la + k * d + i] * work[lb + k * d + j]; }
      work[m + i * d + j] = sum;
      work[v + i * d + j] = select(0.0, 1.0, i == j);
    }
  }
  for (var sweep = 0u; sweep < params.sweeps; sweep++) {
    var turned = false;
    for (var p = 0u; p + 1u < d; p++) {
      for (var q = p + 1u; q < d; q++) {
        var pp = 0.0;
        var qq = 0.0;
        var pq = 0.0;
        for (var k = 0u; k < d; k++) {
          let x = work[m + k * d + p];
          let y = work[m + k * d + q];
          pp += x * x;
          qq += y * y;
          pq += x * y;
        }
        if (abs(pq) <= 1e-7 * sqrt(pp * qq)) { continue; }
        turned = true;
        let zeta = (qq - pp) / (2.0 * pq);
        let t = select(-1.0, 1.0, zeta >= 0.0) / (abs(zeta) + sqrt(1.0 + zeta * zeta));
        let c = 1.0 / sqrt(1.0 + t * t);
        let s = c * t;
        for (var k = 0u; k < d; k++) {
          let x = work[m + k * d + p];
          let y = work[m + k * d + q];
          work[m + k * d + p] = c * x - s * y;
          work[m + k * d + q] = s * x + c * y;
          let f = work[v + k * d + p];
          let g = work[v + k * d + q];
          work[v + k * d + p] = c * f - s * g;
          work[v + k * d + q] = s * f + c * g;
        }
      }
    }
    if (!turned) { break; }
  }
  // columns of m are left vectors times singular values
  var total = 0.0;
  for (var j = 0u; j < d; j++) {
    var square = 0.0;
    for (var k = 0u; k < d; k++) { square += work[m + k * d + j] * work[m + k * d + j]; }
    let length = sqrt(square);
    total += length;
    for (var k = 0u; k < d; k++) { work[m + k * d + j] = select(0.0, work[m + k * d + j] / max(length, 1e-30), length > 0.0); }
  }
  trace[item] = total;
  // L_b V Uᵀ = to_b Lₐ and Lₐ U Vᵀ = to_a L_b
  let map = item * area;
  for (var i = 0u; i < d; i++) {
    for (var j = 0u; j < d; j++) {
      var there = 0.0;
      var back = 0.0;
      for (var k = 0u; k < d; k++) {
        var left = 0.0;
        var right = 0.0;
        for (var l = 0u; l <= i; l++) {
          left += work[lb + i * d + l] * work[v + l * d + k];
          right += work[la + i * d + l] * work[m + l * d + k];
        }
        there += left * work[m + j * d + k];
        back += right * work[v + j * d + k];
      }
      to_b[map + i * d + j] = there;
      to_a[map + i * d + j] = back;
    }
  }
  divide(map, la, false);
  divide(map, lb, true);
}
