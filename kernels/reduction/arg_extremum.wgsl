// y[o, i] = the lowest j with the largest sign · x[o, j, i]: argmax for sign 1, argmin for -1; the first NaN, where there is one; x [outer, n, inner],
// series = outer · inner.
// A workgroup owns 256 / lanes series, `lanes` (a power of two) invocations each; the index is part of the key, so ties are ordered.
struct Params { series: u32, n: u32, inner: u32, lanes: u32, sign: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

const NONE = 0xffffffffu;
var<workgroup> values: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

// NaN, by its bits: comparisons with it are not dependable, and min, max, clamp and exp may lose it
fn is_nan(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

// whether v comes before `best`: it is larger, or NaN while that is not
fn better(v: f32, best: f32) -> bool { return !is_nan(best) && (is_nan(v) || v > best); }

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = 256u / params.lanes;
  let rowwise = params.inner == 1u;
  let column = select(lane % columns, lane / params.lanes, rowwise);
  let first = select(lane / columns, lane % params.lanes, rowwise);
  let series = (group.x + group.y * groups.x) * columns + column;
  let count = select(0u, params.n, series < params.series);
  let start = (series / params.inner) * params.n * params.inner + series % params.inner;
  var best = 0.0;
  var place = NONE;
  for (var j = first; j < count; j += params.lanes) {
    let v = params.sign * x[start + j * params.inner];
    if (place == NONE || better(v, best)) {
      best = v;
      place = j;
    }
  }
  let slot = column * params.lanes + first;
  values[slot] = best;
  places[slot] = place;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step /= 2u) {
    if (first < step) {
      let v = values[slot + step];
      let j = places[slot + step];
      let best = values[slot];
      let alike = select(v == best, is_nan(best), is_nan(v));
      if (j != NONE && (better(v, best) || (alike && j < places[slot]))) {
        values[slot] = v;
        places[slot] = j;
      }
    }
    workgroupBarrier();
  }
  if (count > 0u && first == 0u) { y[series] = places[slot]; }
}
