// keys, places: the series of x [outer, n, inner] filled up to `padded` (a power of two), each block of `block` (a power of two up to 1024)
// sorted, up and down in turn; series = outer · inner. Keys are words in the order of the numbers, NaN last; equal ones keep their order.
struct Params { series: u32, n: u32, inner: u32, padded: u32, block: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> keys: array<u32>;
@group(0) @binding(3) var<storage, read_write> places: array<u32>;

var<workgroup> key: array<u32, 1024>;
var<workgroup> place: array<u32, 1024>;

fn ordered(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return 0xffffffffu; }
  if ((bits & 0x7fffffffu) == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let group = id.x + id.y * groups.x;
  let blocks = params.padded / params.block;
  let series = group / blocks;
  let offset = group % blocks * params.block;
  let exists = series < params.series;
  let start = series / params.inner * params.n * params.inner + series % params.inner;
  for (var e = lane; e < params.block; e += 256u) {
    let at = offset + e;
    key[e] = 0xffffffffu;
    place[e] = at;
    if (exists && at < params.n) { key[e] = ordered(x[start + at * params.inner]); }
  }
  workgroupBarrier();
  for (var k = 2u; k <= params.block; k *= 2u) {
    for (var j = k / 2u; j > 0u; j /= 2u) {
      for (var e = lane; e < params.block / 2u; e += 256u) {
        let a = e / j * 2u * j + e % j;
        let b = a + j;
        let up = ((offset + a) & k) == 0u;
        let later = select(key[a] > key[b], place[a] > place[b], key[a] == key[b]);
        if (later == up) {
          let other = key[a];
          key[a] = key[b];
          key[b] = other;
          let other_place = place[a];
          place[a] = place[b];
          place[b] = other_place;
        }
      }
      workgroupBarrier();
    }
  }
  if (exists) {
    for (var e = lane; e < params.block; e += 256u) {
      keys[series * params.padded + offset + e] = key[e];
      places[series * params.padded + offset + e] = place[e];
    }
  }
}
