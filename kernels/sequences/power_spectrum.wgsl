// y[b, k, t] = |sum over j of w[j] x[b, t hop + j - margin] exp(-2 pi i j k / fft)|^2, x mirrored or 0 outside; x [batch, samples], window w [fft],
// twiddles [fft / 2, 2] = cos and -sin of 2 pi k / fft, y [batch, fft / 2 + 1, frames]. A workgroup owns a frame: even samples are real parts,
// odd ones imaginary parts of fft / 2 = 2^stages points.
struct Params { batch: u32, samples: u32, frames: u32, fft: u32, stages: u32, hop: u32, margin: u32, mirror: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> window: array<f32>;
@group(0) @binding(3) var<storage, read> twiddles: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

override size: u32 = 128u;
var<workgroup> points: array<vec2f, 2048>;

fn times(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }

// sample j of the frame under the window
fn windowed(item: u32, frame: u32, j: u32) -> f32 {
  let last = i32(params.samples) - 1;
  var i = i32(frame * params.hop + j) - i32(params.margin);
  if (params.mirror == 1u) { i = select(abs(i), 2 * last - i, i > last); }
  if (i < 0 || i > last) { return 0.0; }
  return window[j] * x[item * params.samples + u32(i)];
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let owned = group.x + group.y * groups.x;
  if (owned >= params.batch * params.frames) { return; }
  let item = owned / params.frames;
  let frame = owned % params.frames;
  let half = params.fft / 2u;
  for (var j = lane; j < half; j += size) {
    let place = select(reverseBits(j) >> ((32u - params.stages) & 31u), 0u, params.stages == 0u);
    points[place] = vec2f(windowed(item, frame, 2u * j), windowed(item, frame, 2u * j + 1u));
  }
  workgroupBarrier();
  for (var stage = 0u; stage < params.stages; stage++) {
    let reach = 1u << stage;
    for (var j = lane; j < half / 2u; j += size) {
      let within = j % reach;
      let a = 2u * j - within;
      let turned = times(twiddles[within * (half >> stage)], points[a + reach]);
      let kept = points[a];
      points[a] = kept + turned;
      points[a + reach] = kept - turned;
    }
    workgroupBarrier();
  }
  // spectra of the even and of the odd samples from that of the packed ones
  for (var k = lane; k <= half; k += size) {
    let z = points[k % half];
    let mirrored = points[(half - k) % half];
    let even = 0.5 * vec2f(z.x + mirrored.x, z.y - mirrored.y);
    let odd = 0.5 * vec2f(z.y + mirrored.y, mirrored.x - z.x);
    var turn = vec2f(-1.0, 0.0);
    if (k < half) { turn = twiddles[k]; }
    let bin = even + times(turn, odd);
    y[(item * (half + 1u) + k) * params.frames + frame] = bin.x * bin.x + bin.y * bin.y;
  }
}
