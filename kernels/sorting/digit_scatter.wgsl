// sorted: the rows order [n] by the digit labels[row] >> shift & 255, rows of equal digits as they stood; starts [chunks,256] by digit_starts, chunks of `length` positions
//
// order[p] = p where not `ordered`. A workgroup takes 256 positions of its chunk at a time; a row's place is its digit's, plus the rows of that digit before it.
// Once `halted` is set, nothing is written.
struct Params { n: u32, length: u32, chunks: u32, shift: u32, ordered: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> halted: array<u32>;
@group(0) @binding(5) var<storage, read_write> sorted: array<u32>;

override size: u32 = 256u;
var<workgroup> digits: array<u32, 256>;
var<workgroup> places: array<u32, 256>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (halted[0] != 0u) { return; }
  let chunk = group.x + group.y * groups.x;
  if (chunk >= params.chunks) { return; }
  let begin = chunk * params.length;
  let end = min(begin + params.length, params.n);
  places[lane] = starts[chunk * 256u + lane];
  for (var first = begin; first < end; first += 256u) {
    let p = first + lane;
    var row = p;
    var digit = 256u;
    if (p < end) {
      if (params.ordered != 0u) { row = order[p]; }
      digit = (labels[row] >> params.shift) & 255u;
    }
    digits[lane] = digit;
    workgroupBarrier();
    var before = 0u;
    var all = 0u;
    for (var q = 0u; q < 256u; q++) {
      let same = u32(digits[q] == digit);
      all += same;
      before += select(0u, same, q < lane);
    }
    if (digit < 256u) { sorted[places[digit] + before] = row; }
    workgroupBarrier();
    if (digit < 256u && before + 1u == all) { places[digit] += all; } // the last of its digit
    workgroupBarrier();
  }
}
