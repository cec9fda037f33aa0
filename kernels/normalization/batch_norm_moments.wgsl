// mean and Σ (x - mean)² of each channel t over chunk k of `length` images; x [n, c, s], moments [chunks, 2, c]. A workgroup owns `columns`
// neighbouring channels where s is 1, else one channel with `width` positions at a time (both powers of two), and reduces in a tree.
struct Params { n: u32, c: u32, s: u32, chunks: u32, length: u32, columns: u32, width: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> moments: array<f32>;

override size: u32 = 256u;
var<workgroup> partial: array<f32, size>;

fn sum_of_column(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  partial[lane] = value;
  workgroupBarrier();
  for (var step = size / 2u; step >= params.columns; step /= 2u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  return partial[lane % params.columns];
}

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let columns = params.columns;
  let tiles = (params.c + columns - 1u) / columns;
  let tile = group.x + group.y * groups.x;
  let t = (tile % tiles) * columns + lane % columns;
  let chunk = tile / tiles;
  let live = chunk < params.chunks && t < params.c;
  let first = chunk * params.length;
  let last = select(0u, min(first + params.length, params.n), live);
  let position = lane / columns % params.width;
  let start = first + lane / (columns * params.width);
  let stride = size / (columns * params.width);
  // differences to the first number: sums of numbers far from 0 would round what they differ by
  let origin = x[select(0u, (first * params.c + t) * params.s, live)];
  let count = f32((last - min(first, last)) * params.s);
  var sum = 0.0;
  for (var i = start; i < last; i += stride) {
    let plane = (i * params.c + t) * params.s;
    for (var p = position; p < params.s; p += params.width) { sum += x[plane + p] - origin; }
  }
  let mean = origin + sum_of_column(sum, lane) / count;
  var squares = 0.0;
  var rest = 0.0; // what the mean was rounded by, times the count
  for (var i = start; i < last; i += stride) {
    let plane = (i * params.c + t) * params.s;
    for (var p = position; p < params.s; p += params.width) {
      let difference = x[plane + p] - mean;
      squares += difference * difference;
      rest += difference;
    }
  }
  rest = sum_of_column(rest, lane);
  let about = sum_of_column(squares, lane) - rest * rest / count;
  let deviation = select(about, 0.0, about < 0.0);
  if (live && lane < columns) {
    moments[2u * chunk * params.c + t] = mean + rest / count;
    moments[(2u * chunk + 1u) * params.c + t] = deviation;
  }
}
