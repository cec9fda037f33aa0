// labels[row + i] = argmax_j power · max(logp_ij, low) + u_j, the lowest j of equals; logp [n, k], u [k]. Sixteen invocations a row.
struct Params { n: u32, k: u32, row: u32, power: f32, low: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logp: array<f32>;
@group(0) @binding(2) var<storage, read> u: array<f32>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;

var<workgroup> values: array<f32, 256>;
var<workgroup> places: array<u32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = (group.x + group.y * groups.x) * 16u + lane / 16u;
  let live = i < params.n;
  var value = -3.4028234e38f;
  var place = 0xffffffffu;
  for (var j = lane % 16u; j < select(0u, params.k, live); j += 16u) {
    let x = params.power * max(logp[i * params.k + j], params.low) + u[j];
    if (x > value || place == 0xffffffffu) {
      value = x;
      place = j;
    }
  }
  values[lane] = value;
  places[lane] = place;
  workgroupBarrier();
  for (var step = 8u; step > 0u; step /= 2u) {
    if (lane % 16u < step) {
      let other = values[lane + step];
      let elsewhere = places[lane + step];
      let tie = other == values[lane] && elsewhere < places[lane];
      if (other > values[lane] || tie) {
        values[lane] = other;
        places[lane] = elsewhere;
      }
    }
    workgroupBarrier();
  }
  if (live && lane % 16u == 0u) { labels[params.row + i] = places[lane]; }
}
