// dz[d, n, t, 4h], gradient of an LSTM's gates before they are squashed, from dy[n, t, d h], last step to first; `carry`[2, d, n, h] is the
// gradient of h and c: on entry of those after the last step, at the end of those before the first
// u[d, 4h, h]; gates[d, n, t, 4h], c[d, n, t, h] and start as lstm.wgsl leaves them. A workgroup owns four sequences of a direction.
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
var<workgroup> slopes: array<vec4f, size>;

// derivative of the squashing function, from its value
fn sigmoid_slope(v: f32) -> f32 {
  if (params.hard == 1u) { return select(0.0, 0.2, v > 0.0 && v < 1.0); }
  return v * (1.0 - v);
}

fn tangent(v: f32) -> f32 {
  let e = exp(-2.0 * abs(v));
  let s = v * v;
  let near = v * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.053968254 + s * 0.021869488))));
  return select(sign(v) * (1.0 - e) / (1.0 + e), near, abs(v) < 0.25);
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
  for (var step = t; step > 0u; step--) {
    let now = select(step - 1u, t - step, direction == 1u);
    let before = select(now - 1u, now + 1u, direction == 1u); // of no use at the first step
    for (var j = lane; j < h; j += size) {
      for (var q = 0u; q < 4u; q++) {
        let i = first + q;
        if (i >= n) { break; }
        let row = (direction * n + i) * t + now;
        let at = row * 4u * h + j;
        let gi = gates[at];
        let gf = gates[at + h];
        let gg = gates[at + 2u * h];
        let go = gates[at + 3u * h];
        var cell = 0.0;
        if (step == 1u) { cell = start[((params.directions + direction) * n + i) * h + j]; }
        else { cell = c[((direction * n + i) * t + before) * h + j]; }
        let own = (direction * n + i) * h + j;
        let other = own + params.directions * n * h;
        let dh = dy[((i * t + now) * params.directions + direction) * h + j] + carry[own];
        let squashed = tangent(c[row * h + j]);
        let dc = carry[other] + dh * go * (1.0 - squashed * squashed);
        dz[at] = dc * gg * sigmoid_slope(gi);
        dz[at + h] = dc * cell * sigmoid_slope(gf);
        dz[at + 2u * h] = dc * gi * (1.0 - gg * gg);
        dz[at + 3u * h] = dh * squashed * sigmoid_slope(go);
        carry[other] = dc * gf;
      }
    }
    storageBarrier();
    for (var base = 0u; base < h; base += size) {
      let k = base + lane;
      var sum = vec4f(0.0);
      for (var origin = 0u; origin < 4u * h; origin += size) {
        let r = origin + lane;
        var own = vec4f(0.0);
        if (r < 4u * h) {
          for (var q = 0u; q < 4u; q++) {
            if (first + q < n) { own[q] = dz[((direction * n + first + q) * t + now) * 4u * h + r]; }
          }
        }
        slopes[lane] = own;
        workgroupBarrier();
        if (k < h) {
          let count = min(size, 4u * h - origin);
          var at = (direction * 4u * h + origin) * h + k;
          for (var p = 0u; p < count; p++) {
            sum += u[at] * slopes[p];
            at += h;
          }
        }
        workgroupBarrier();
      }
      if (k < h) {
        for (var q = 0u; q < 4u; q++) {
          if (first + q < n) { carry[(direction * n + first + q) * h + k] = sum[q]; }
        }
      }
    }
    storageBarrier();
  }
}
