// dz[d, n, t, 4h], gradient of an LSTM's gates before they are squashed, from dy[n, t, d h], last step to first; `carry`[2, d, n, h] is the
// gradient of h and c: on entry of those after the last step, at the end of those before the first
// u[d, 4h, h]; gates[d, n, t, 4h], c[d, n, t, h] and start as lstm.wgsl leaves them. A workgroup owns four sequences of a direction, an
// invocation a unit of them: what it carries stays in registers, and the slopes of a step in workgroup memory. Where there are more units than
// invocations, both go through memory.
struct Params { n: u32, t: u32, h: u32, directions: u32, hard: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read> gates: array<f32>;
@group(0) @binding(3) var<storage, read> c: array<f32>;
@group(0) @binding(4) var<storage, read> start: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> carry: array<f32>;
@group(0) @binding(7) var<storage, read_write> dz: array<f32>;

override size: u32 = 256u;
// of each gate, one after the other
var<workgroup> slopes: array<vec4f, 4u * size>;

// derivative of the squashing function, from its value
fn sigmoid_slope(v: vec4f) -> vec4f {
  if (params.hard == 1u) { return select(vec4f(0.0), vec4f(0.2), (v > vec4f(0.0)) & (v < vec4f(1.0))); }
  return v * (1.0 - v);
}

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn tangent(v: vec4f) -> vec4f {
  let e = exp(-2.0 * abs(v));
  let s = v * v;
  let near = v * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.053968254 + s * 0.021869488))));
  return select(select(sign(v) * (1.0 - e) / (1.0 + e), near, abs(v) < vec4f(0.25)), v, is_nan(v));
}

// four neighbouring rows of a column
fn u_at(at: u32) -> vec4f { return vec4f(u[at], u[at + params.h], u[at + 2u * params.h], u[at + 3u * params.h]); }

// a vector holds four sequences; places past the last sequence read the last one and write nothing
fn gates_at(at: vec4u) -> vec4f { return vec4f(gates[at.x], gates[at.y], gates[at.z], gates[at.w]); }
fn c_at(at: vec4u) -> vec4f { return vec4f(c[at.x], c[at.y], c[at.z], c[at.w]); }
fn start_at(at: vec4u) -> vec4f { return vec4f(start[at.x], start[at.y], start[at.z], start[at.w]); }
fn dy_at(at: vec4u) -> vec4f { return vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }
fn carry_at(at: vec4u) -> vec4f { return vec4f(carry[at.x], carry[at.y], carry[at.z], carry[at.w]); }
fn dz_at(at: vec4u) -> vec4f { return vec4f(dz[at.x], dz[at.y], dz[at.z], dz[at.w]); }

fn put_dz(at: vec4u, v: vec4f, count: u32) {
  dz[at.x] = v.x;
  if (count > 1u) { dz[at.y] = v.y; }
  if (count > 2u) { dz[at.z] = v.z; }
  if (count > 3u) { dz[at.w] = v.w; }
}

fn put_carry(at: vec4u, v: vec4f, count: u32) {
  carry[at.x] = v.x;
  if (count > 1u) { carry[at.y] = v.y; }
  if (count > 2u) { carry[at.z] = v.z; }
  if (count > 3u) { carry[at.w] = v.w; }
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = params.n;
  let t = params.t;
  let h = params.h;
  let quads = (n + 3u) / 4u;
  let index = group.x + group.y * groups.x;
  if (index >= quads * params.directions) { return; }
  let direction = index / quads;
  let first = index % quads * 4u;
  let count = min(n - first, 4u);
  let i = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(n - 1u));
  let own = direction * n + i;
  let other = own + params.directions * n;
  let tiled = h > size;
  var dh = vec4f(0.0);
  var dc = vec4f(0.0);
  if (!tiled && lane < h) {
    dh = carry_at(own * h + lane);
    dc = carry_at(other * h + lane);
  }
  for (var step = t; step > 0u; step--) {
    let now = select(step - 1u, t - step, direction == 1u);
    let before = select(now - 1u, now + 1u, direction == 1u); // of no use at the first step
    let row = own * t + now;
    for (var j = lane; j < h; j += size) {
      let at = row * 4u * h + j;
      let gi = gates_at(at);
      let gf = gates_at(at + h);
      let gg = gates_at(at + 2u * h);
      let go = gates_at(at + 3u * h);
      let squashed = tangent(c_at(row * h + j));
      var cell = vec4f(0.0);
      if (step == 1u) { cell = start_at(other * h + j); }
      else { cell = c_at((own * t + before) * h + j); }
      if (tiled) {
        dh = carry_at(own * h + j);
        dc = carry_at(other * h + j);
      }
      dh += dy_at(((i * t + now) * params.directions + direction) * h + j);
      dc += dh * go * (1.0 - squashed * squashed);
      let slope_i = dc * gg * sigmoid_slope(gi);
      let slope_f = dc * cell * sigmoid_slope(gf);
      let slope_g = dc * gi * (1.0 - gg * gg);
      let slope_o = dh * squashed * sigmoid_slope(go);
      dc *= gf;
      put_dz(at, slope_i, count);
      put_dz(at + h, slope_f, count);
      put_dz(at + 2u * h, slope_g, count);
      put_dz(at + 3u * h, slope_o, count);
      if (tiled) { put_carry(other * h + j, dc, count); }
      else {
        slopes[lane] = slope_i;
        slopes[size + lane] = slope_f;
        slopes[2u * size + lane] = slope_g;
        slopes[3u * size + lane] = slope_o;
      }
    }
    if (tiled) { storageBarrier(); } else { workgroupBarrier(); }
    for (var base = 0u; base < h; base += size) {
      let k = base + lane;
      dh = vec4f(0.0);
      for (var origin = 0u; origin < h; origin += size) {
        if (tiled) {
          let at = row * 4u * h + min(origin + lane, h - 1u);
          for (var gate = 0u; gate < 4u; gate++) { slopes[gate * size + lane] = dz_at(at + gate * h); }
          workgroupBarrier();
        }
        if (k < h) {
          let end = min(size, h - origin);
          for (var gate = 0u; gate < 4u; gate++) {
            var at0 = ((direction * 4u + gate) * h + origin) * h + k;
            var p = gate * size;
            let last = p + end;
            for (; p + 16u <= last; p += 16u) { // sixteen loads are under way at a time
              let u0 = u_at(at0);
              let u1 = u_at(at0 + 4u * h);
              let u2 = u_at(at0 + 8u * h);
              let u3 = u_at(at0 + 12u * h);
              at0 += 16u * h;
              dh = dh + u0.x * slopes[p] + u0.y * slopes[p + 1u] + u0.z * slopes[p + 2u] + u0.w * slopes[p + 3u];
              dh = dh + u1.x * slopes[p + 4u] + u1.y * slopes[p + 5u] + u1.z * slopes[p + 6u] + u1.w * slopes[p + 7u];
              dh = dh + u2.x * slopes[p + 8u] + u2.y * slopes[p + 9u] + u2.z * slopes[p + 10u] + u2.w * slopes[p + 11u];
              dh = dh + u3.x * slopes[p + 12u] + u3.y * slopes[p + 13u] + u3.z * slopes[p + 14u] + u3.w * slopes[p + 15u];
            }
            for (; p < last; p++) {
              dh += u[at0] * slopes[p];
              at0 += h;
            }
          }
        }
        workgroupBarrier(); // everything in `slopes` has been read
      }
      if (tiled && k < h) { put_carry(own * h + k, dh, count); }
    }
    if (tiled) { storageBarrier(); }
  }
  if (!tiled && lane < h) {
    put_carry(own * h + lane, dh, count);
    put_carry(other * h + lane, dc, count);
  }
}
