// all steps of an LSTM: z[d, n, t, 4h] += h' U + bias, then in place gates i, f, g, o; c[d, n, t, h] = f c' + i g; y[n, t, d h] = o tanh c
// u[d, h, 4h]; start[2, d, n, h] holds h and c before the first step; direction 1 walks from the last step to the first;
// i, f, o = 1 / (1 + e^-z), or with `hard` clip(0.2 z + 0.5, 0, 1); g = tanh z. A workgroup owns four sequences of a direction, an invocation
// a unit of them: its c stays in registers and h in workgroup memory. Where there are more units than invocations, both go through memory.
struct Params { n: u32, t: u32, h: u32, directions: u32, hard: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> u: array<f32>;
@group(0) @binding(3) var<storage, read> start: array<f32>;
@group(0) @binding(4) var<storage, read_write> z: array<f32>;
@group(0) @binding(5) var<storage, read_write> c: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

override size: u32 = 256u;
var<workgroup> hidden: array<vec4f, size>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: vec4f) -> vec4<bool> { return (bitcast<vec4u>(v) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u); }

fn sigmoid(v: vec4f) -> vec4f {
  if (params.hard == 1u) { return select(clamp(0.2 * v + 0.5, vec4f(0.0), vec4f(1.0)), v, is_nan(v)); }
  let e = exp(-abs(v));
  return select(select(e, vec4f(1.0), v >= vec4f(0.0)) / (1.0 + e), v, is_nan(v));
}

fn tangent(v: vec4f) -> vec4f {
  let e = exp(-2.0 * abs(v));
  let s = v * v;
  let near = v * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.053968254 + s * 0.021869488))));
  return select(select(sign(v) * (1.0 - e) / (1.0 + e), near, abs(v) < vec4f(0.25)), v, is_nan(v));
}

// the weights of four gates
fn u_at(at: u32) -> vec4f { return vec4f(u[at], u[at + params.h], u[at + 2u * params.h], u[at + 3u * params.h]); }

// a vector holds four sequences; places past the last sequence read the last one and write nothing
fn start_at(at: vec4u) -> vec4f { return vec4f(start[at.x], start[at.y], start[at.z], start[at.w]); }
fn z_at(at: vec4u) -> vec4f { return vec4f(z[at.x], z[at.y], z[at.z], z[at.w]); }
fn c_at(at: vec4u) -> vec4f { return vec4f(c[at.x], c[at.y], c[at.z], c[at.w]); }
fn y_at(at: vec4u) -> vec4f { return vec4f(y[at.x], y[at.y], y[at.z], y[at.w]); }

fn put_z(at: vec4u, v: vec4f, count: u32) {
  z[at.x] = v.x;
  if (count > 1u) { z[at.y] = v.y; }
  if (count > 2u) { z[at.z] = v.z; }
  if (count > 3u) { z[at.w] = v.w; }
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
  let tiled = h > size;
  var cell = vec4f(0.0);
  if (!tiled) {
    if (lane < h) {
      hidden[lane] = start_at(own * h + lane);
      cell = start_at((params.directions * n + own) * h + lane);
    }
    workgroupBarrier();
  }
  for (var step = 0u; step < t; step++) {
    let now = select(step, t - 1u - step, direction == 1u);
    let before = select(now - 1u, now + 1u, direction == 1u); // of no use at the first step
    for (var base = 0u; base < h; base += size) {
      let j = base + lane;
      let row = own * t + now;
      let at = row * 4u * h + min(j, h - 1u);
      // what the input gave is asked for before the sums and needed after them
      let given_i = z_at(at);
      let given_f = z_at(at + h);
      let given_g = z_at(at + 2u * h);
      let given_o = z_at(at + 3u * h);
      var zi = vec4f(0.0);
      var zf = vec4f(0.0);
      var zg = vec4f(0.0);
      var zo = vec4f(0.0);
      for (var origin = 0u; origin < h; origin += size) {
        if (tiled) {
          let k = min(origin + lane, h - 1u);
          if (step == 0u) { hidden[lane] = start_at(own * h + k); }
          else { hidden[lane] = y_at(((i * t + before) * params.directions + direction) * h + k); }
          workgroupBarrier();
        }
        if (j < h) {
          let width = 4u * h;
          let end = min(size, h - origin);
          var at0 = (direction * h + origin) * width + j;
          var p = 0u;
          for (; p + 8u <= end; p += 8u) { // the loads of eight units are under way at a time
            let u0 = u_at(at0);
            let u1 = u_at(at0 + width);
            let u2 = u_at(at0 + 2u * width);
            let u3 = u_at(at0 + 3u * width);
            let u4 = u_at(at0 + 4u * width);
            let u5 = u_at(at0 + 5u * width);
            let u6 = u_at(at0 + 6u * width);
            let u7 = u_at(at0 + 7u * width);
            at0 += 8u * width;
            let h0 = hidden[p];
            let h1 = hidden[p + 1u];
            let h2 = hidden[p + 2u];
            let h3 = hidden[p + 3u];
            zi = zi + u0.x * h0 + u1.x * h1 + u2.x * h2 + u3.x * h3;
            zf = zf + u0.y * h0 + u1.y * h1 + u2.y * h2 + u3.y * h3;
            zg = zg + u0.z * h0 + u1.z * h1 + u2.z * h2 + u3.z * h3;
            zo = zo + u0.w * h0 + u1.w * h1 + u2.w * h2 + u3.w * h3;
            let h4 = hidden[p + 4u];
            let h5 = hidden[p + 5u];
            let h6 = hidden[p + 6u];
            let h7 = hidden[p + 7u];
            zi = zi + u4.x * h4 + u5.x * h5 + u6.x * h6 + u7.x * h7;
            zf = zf + u4.y * h4 + u5.y * h5 + u6.y * h6 + u7.y * h7;
            zg = zg + u4.z * h4 + u5.z * h5 + u6.z * h6 + u7.z * h7;
            zo = zo + u4.w * h4 + u5.w * h5 + u6.w * h6 + u7.w * h7;
          }
          for (; p < end; p++) {
            let value = hidden[p];
            let weights = u_at(at0);
            zi += weights.x * value;
            zf += weights.y * value;
            zg += weights.z * value;
            zo += weights.w * value;
            at0 += width;
          }
        }
        workgroupBarrier(); // everything in `hidden` has been read
      }
      if (j < h) {
        let b = direction * 4u * h + j;
        let gi = sigmoid(given_i + zi + bias[b]);
        let gf = sigmoid(given_f + zf + bias[b + h]);
        let gg = tangent(given_g + zg + bias[b + 2u * h]);
        let go = sigmoid(given_o + zo + bias[b + 3u * h]);
        if (tiled) {
          if (step == 0u) { cell = start_at((params.directions * n + own) * h + j); }
          else { cell = c_at((own * t + before) * h + j); }
        }
        cell = gf * cell + gi * gg;
        let out = go * tangent(cell);
        if (!tiled) { hidden[lane] = out; }
        put_z(at, gi, count);
        put_z(at + h, gf, count);
        put_z(at + 2u * h, gg, count);
        put_z(at + 3u * h, go, count);
        for (var q = 0u; q < count; q++) {
          c[row[q] * h + j] = cell[q];
          y[((i[q] * t + now) * params.directions + direction) * h + j] = out[q];
        }
      }
    }
    if (tiled) { storageBarrier(); } else { workgroupBarrier(); }
  }
}
