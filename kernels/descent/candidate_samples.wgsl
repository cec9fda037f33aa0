// samples[i]: `candidates` of the new neighbours of i in both directions, then as many of the old ones, by chance; 0xffffffff where there are fewer; samples [n, 2 candidates]
//
// indices and fresh [n,k] are the lists of neighbours and whether each is new; order [n k] and starts [n + 1] have the places e of the lists sorted by the point
// that is there: i is a neighbour of e / k. Algorithm R (Vitter 1985): each of those offered is kept with the same chance. An invocation takes a point.
struct Params { n: u32, k: u32, candidates: u32, key: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> fresh: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> starts: array<u32>;
@group(0) @binding(5) var<storage, read_write> samples: array<u32>;

override size: u32 = 64u;

// Well mixed bits of a number (Wellons' lowbias32)
fn mix(value: u32) -> u32 {
  var x = value;
  x ^= x >> 16u;
  x *= 0x7feb352du;
  x ^= x >> 15u;
  x *= 0x846ca68bu;
  x ^= x >> 16u;
  return x;
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i >= params.n) { return; }
  let own = i * 2u * params.candidates;
  for (var s = 0u; s < 2u * params.candidates; s++) { samples[own + s] = 0xffffffffu; }
  let key = mix(params.key ^ mix(i));
  let offered = params.k + starts[i + 1u] - starts[i];
  var news = 0u;
  var olds = 0u;
  for (var t = 0u; t < offered; t++) {
    var e = i * params.k + t;
    if (t >= params.k) { e = order[starts[i] + t - params.k]; }
    let isNew = fresh[e] != 0u;
    let seen = select(olds, news, isNew);
    var at = seen;
    if (seen >= params.candidates) { at = mix(key ^ mix(t)) % (seen + 1u); }
    if (at < params.candidates) {
      var j = e / params.k;
      if (t < params.k) { j = indices[e]; }
      samples[own + select(params.candidates, 0u, isNew) + at] = j;
    }
    news += u32(isNew);
    olds += u32(!isNew);
  }
}
