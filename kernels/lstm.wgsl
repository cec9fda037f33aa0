// all steps of an LSTM: z[d, n, t, 4h] += h' U + bias, then in place gates i, f, g, o; c[d, n, t, h] = f c' + i g; y[n, t, d h] = o tanh c
// u[d, h, 4h]; start[2, d, n, h] holds h and c before the first step; direction 1 walks from the last step to the first;
// i, f, o = 1 / (1 + e^-z), or with `hard` clip(0.2 z + 0.5, 0, 1); g = tanh z. A workgroup owns four sequences of a direction.
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

fn sigmoid(v: f32) -> f32 {
  if (params.hard == 1u) { return clamp(0.2 * v + 0.5, 0.0, 1.0); }
  let e = exp(-abs(v));
  return select(e, 1.0, v >= 0.0) / (1.0 + e);
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
  for (var step = 0u; step < t; step++) {
    let now = select(step, t - 1u - step, direction == 1u);
    let before = select(now - 1u, now + 1u, direction == 1u); // of no use at the first step
    for (var base = 0u; base < h; base += size) {
      let j = base + lane;
      var zi = vec4f(0.0);
      var zf = vec4f(0.0);
      var zg = vec4f(0.0);
      var zo = vec4f(0.0);
      for (var origin = 0u; origin < h; origin += size) {
        let k = origin + lane;
        var own = vec4f(0.0);
        if (k < h) {
          for (var q = 0u; q < 4u; q++) {
            let i = first + q;
            if (i >= n) { break; }
            if (step == 0u) { own[q] = start[(direction * n + i) * h + k]; }
            else { own[q] = y[((i * t + before) * params.directions + direction) * h + k]; }
          }
        }
        hidden[lane] = own;
        workgroupBarrier();
        if (j < h) {
          let count = min(size, h - origin);
          var at = (direction * h + origin) * 4u * h + j;
          for (var p = 0u; p < count; p++) {
            let value = hidden[p];
            zi += u[at] * value;
            zf += u[at + h] * value;
            zg += u[at + 2u * h] * value;
            zo += u[at + 3u * h] * value;
            at += 4u * h;
          }
        }
        workgroupBarrier();
      }
      if (j < h) {
        let b = direction * 4u * h + j;
        for (var q = 0u; q < 4u; q++) {
          let i = first + q;
          if (i >= n) { break; }
          let row = (direction * n + i) * t + now;
          let at = row * 4u * h + j;
          let gi = sigmoid(z[at] + zi[q] + bias[b]);
          let gf = sigmoid(z[at + h] + zf[q] + bias[b + h]);
          let gg = tangent(z[at + 2u * h] + zg[q] + bias[b + 2u * h]);
          let go = sigmoid(z[at + 3u * h] + zo[q] + bias[b + 3u * h]);
          var cell = 0.0;
          if (step == 0u) { cell = start[((params.directions + direction) * n + i) * h + j]; }
          else { cell = c[((direction * n + i) * t + before) * h + j]; }
          cell = gf * cell + gi * gg;
          z[at] = gi;
          z[at + h] = gf;
          z[at + 2u * h] = gg;
          z[at + 3u * h] = go;
          c[row * h + j] = cell;
          y[((i * t + now) * params.directions + direction) * h + j] = go * tangent(cell);
        }
      }
    }
    storageBarrier();
  }
}
