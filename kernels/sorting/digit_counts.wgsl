// counts[c,v] = how many of the positions p of chunk c have the digit v: labels[order[p]] >> shift & 255; labels [n], chunks of `length` positions, counts [chunks,256]
//
// order[p] = p where not `ordered`. An invocation counts one digit, of 256 positions at a time. Once `halted` is set, nothing is written.
struct Params { n: u32, length: u32, chunks: u32, shift: u32, ordered: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> halted: array<u32>;
@group(0) @binding(4) var<storage, read_write> counts: array<u32>;

override size: u32 = 256u;
var<workgroup> digits: array<u32, 256>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (halted[0] != 0u) { return; }
  let chunk = group.x + group.y * groups.x;
  if (chunk >= params.chunks) { return; }
  let begin = chunk * params.length;
  let end = min(begin + params.length, params.n);
  var count = 0u;
  for (var first = begin; first < end; first += 256u) {
    let p = first + lane;
    var digit = 256u;
    if (p < end) {
      var row = p;
      if (params.ordered != 0u) { row = order[p]; }
      digit = (labels[row] >> params.shift) & 255u;
    }
    digits[lane] = digit;
    workgroupBarrier();
    for (var q = 0u; q < 256u; q++) { count += u32(digits[q] == lane); }
    workgroupBarrier();
  }
  counts[chunk * 256u + lane] = count;
}
