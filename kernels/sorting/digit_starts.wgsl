// starts[c,v] = Σ of counts [chunks,256] of lower digits, and of digit v in the chunks before c: where digit v of chunk c begins in the order
//
// One workgroup, an invocation a digit. Once `halted` is set, nothing is written.
struct Params { chunks: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read> halted: array<u32>;
@group(0) @binding(3) var<storage, read_write> starts: array<u32>;

override size: u32 = 256u;
var<workgroup> totals: array<u32, 256>;

@compute @workgroup_size(size)
fn main(@builtin(local_invocation_index) lane: u32) {
  if (halted[0] != 0u) { return; }
  var total = 0u;
  for (var c = 0u; c < params.chunks; c++) { total += counts[c * 256u + lane]; }
  totals[lane] = total;
  workgroupBarrier();
  var at = 0u;
  for (var v = 0u; v < lane; v++) { at += totals[v]; }
  for (var c = 0u; c < params.chunks; c++) {
    starts[c * 256u + lane] = at;
    at += counts[c * 256u + lane];
  }
}
