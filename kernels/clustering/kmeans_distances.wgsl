// out[j,i] = min(closest[closest_row,i], ‖x_i − y_rows[j]‖²); x [n,d], y [·,d], rows [m], out [m,n]; without the minimum when has_closest is 0
//
// A workgroup takes 64 points and 16 rows of y, 16 columns at a time.
struct Params { n: u32, d: u32, m: u32, has_closest: u32, closest_row: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<u32>;
@group(0) @binding(4) var<storage, read> closest: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

override size: u32 = 64u;
var<workgroup> points: array<f32, 1040>;
var<workgroup> tile: array<vec4f, 64>;

fn target_at(j: u32, column: u32) -> f32 {
  return select(0.0, y[rows[min(j, params.m - 1u)] * params.d + min(column, params.d - 1u)], column < params.d);
}

fn store(j: u32, i: u32, bound: f32, distance: f32) {
  if (j < params.m && i < params.n) { out[j * params.n + i] = min(bound, distance); }
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let first = (group.x + group.y * groups.x) * 64u;
  let start = group.z * 16u;
  var s0 = vec4f();
  var s1 = vec4f();
  var s2 = vec4f();
  var s3 = vec4f();
  for (var column = 0u; column < params.d; column += 16u) {
    for (var t = lane; t < 1024u; t += size) {
      let p = t % 16u;
      let at = min(first + t / 16u, params.n - 1u) * params.d + min(column + p, params.d - 1u);
      points[p * 65u + t / 16u] = select(0.0, x[at], column + p < params.d);
    }
    for (var t = lane; t < 64u; t += size) {
      let p = t % 16u;
      let j = start + t / 16u * 4u;
      tile[p * 4u + t / 16u] =
        vec4f(target_at(j, column + p), target_at(j + 1u, column + p), target_at(j + 2u, column + p), target_at(j + 3u, column + p));
    }
    workgroupBarrier();
    for (var p = 0u; p < 16u; p++) {
      let value = vec4f(points[p * 65u + lane]);
      let d0 = tile[p * 4u] - value;
      let d1 = tile[p * 4u + 1u] - value;
      let d2 = tile[p * 4u + 2u] - value;
      let d3 = tile[p * 4u + 3u] - value;
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    workgroupBarrier();
  }
  let i = first + lane;
  var bound = 3.4028234e38f;
  if (params.has_closest != 0u) { bound = closest[params.closest_row * params.n + min(i, params.n - 1u)]; }
  store(start, i, bound, s0.x);
  store(start + 1u, i, bound, s0.y);
  store(start + 2u, i, bound, s0.z);
  store(start + 3u, i, bound, s0.w);
  store(start + 4u, i, bound, s1.x);
  store(start + 5u, i, bound, s1.y);
  store(start + 6u, i, bound, s1.z);
  store(start + 7u, i, bound, s1.w);
  store(start + 8u, i, bound, s2.x);
  store(start + 9u, i, bound, s2.y);
  store(start + 10u, i, bound, s2.z);
  store(start + 11u, i, bound, s2.w);
  store(start + 12u, i, bound, s3.x);
  store(start + 13u, i, bound, s3.y);
  store(start + 14u, i, bound, s3.z);
  store(start + 15u, i, bound, s3.w);
}
