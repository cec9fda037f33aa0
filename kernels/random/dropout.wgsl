// y[i] = scale · x[i] where word i / width >= threshold, else 0, i < n; words of Threefry-2x32-20 (src/random.ts): block counter + j gives
// words 2j and 2j + 1; an invocation takes four elements. The gradient is the same map of dy.
struct Params { n: u32, width: u32, key0: u32, key1: u32, counter0: u32, counter1: u32, threshold: u32, scale: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

override size: u32 = 256u;

fn rotate(x: u32, bits: u32) -> u32 { return (x << bits) | (x >> (32u - bits)); }

fn rounds(x: vec2u, r: vec4u) -> vec2u {
  var a = x.x + x.y;
  var b = rotate(x.y, r.x) ^ a;
  a += b;
  b = rotate(b, r.y) ^ a;
  a += b;
  b = rotate(b, r.z) ^ a;
  a += b;
  b = rotate(b, r.w) ^ a;
  return vec2u(a, b);
}

// the two words of block counter + j
fn threefry(j: u32) -> vec2u {
  let low = params.counter0 + j;
  let counter = vec2u(low, params.counter1 + select(0u, 1u, low < j));
  let k0 = params.key0;
  let k1 = params.key1;
  let k2 = k0 ^ k1 ^ 0x1bd11bdau;
  let even = vec4u(13u, 15u, 26u, 6u);
  let odd = vec4u(17u, 29u, 16u, 24u);
  var x = rounds(counter + vec2u(k0, k1), even) + vec2u(k1, k2 + 1u);
  x = rounds(x, odd) + vec2u(k2, k0 + 2u);
  x = rounds(x, even) + vec2u(k0, k1 + 3u);
  x = rounds(x, odd) + vec2u(k1, k2 + 4u);
  return rounds(x, even) + vec2u(k2, k0 + 5u);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  var words: vec4u;
  if (params.width == 1u) {
    words = vec4u(threefry(2u * i), threefry(2u * i + 1u));
  } else {
    // most vectors lie within one plane, and an even plane and the next share a block
    let first = 4u * i / params.width;
    let pair = threefry(first / 2u);
    words = vec4u(select(pair.x, pair.y, first % 2u == 1u));
    if ((4u * i + 3u) / params.width != first) {
      for (var k = 1u; k < 4u; k++) {
        let plane = (4u * i + k) / params.width;
        let own = threefry(plane / 2u);
        words[k] = select(own.x, own.y, plane % 2u == 1u);
      }
    }
  }
  y[i] = x[i] * select(vec4f(0.0), vec4f(params.scale), words >= vec4u(params.threshold));
}
