// y[first + c] = over the elements of chunk c of x (`length` each, n in all): by op 1 where all are finite, else 0, or Σ x².
// A workgroup a chunk; the chunks of several tensors go side by side into one y, which is then reduced at once.
struct Params { n: u32, length: u32, first: u32, op: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// op: what is told of a chunk
const FINITE = 0u;
const SQUARES = 1u;

override size: u32 = 256u;
var<workgroup> partial: array<f32, size>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let chunk = group.x + group.y * groups.x;
  let begin = chunk * params.length;
  let end = min(begin + params.length, params.n);
  var sum = 0.0; // FINITE counts what is not finite: exponent bits all set, since comparisons with NaN are not dependable
  for (var i = begin + lane; i < end; i += size) {
    let v = x[i];
    if (params.op == SQUARES) { sum += v * v; } else { sum += select(0.0, 1.0, (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u); }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = size / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && begin < params.n) {
    y[params.first + chunk] = select(select(1.0, 0.0, partial[0] > 0.0), partial[0], params.op == SQUARES);
  }
}
