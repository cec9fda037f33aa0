// y[i] = offset + span · (u - shift) (uniform) or offset + span · g (normal), i < n; u in [0, 1) and g ~ N(0, 1) from words
// of Threefry-2x32-20 (src/random.ts): block counter + j gives elements 2j and 2j + 1; an invocation takes two blocks
struct Params { n: u32, op: u32, key0: u32, key1: u32, counter0: u32, counter1: u32, offset: f32, span: f32, shift: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

// op: the distribution
const UNIFORM = 0u;
const NORMAL = 1u;

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

fn uniform_of(words: vec2u) -> vec2f { return vec2f(words >> vec2u(8u)) * 5.9604645e-8; }

// -ln u for 0 < u <= 1 in float32's own accuracy: u = 2^e (1 + f), ln(1 + f) = 2 artanh(f / (2 + f))
fn minus_log(u: f32) -> f32 {
  let bits = bitcast<i32>(u);
  let e = (bits - 0x3f3504f3) >> 23u;
  let f = bitcast<f32>(bits - (e << 23u)) - 1.0;
  let s = f / (2.0 + f);
  let t = s * s;
  let series = 1.0 + t * (0.33333334 + t * (0.2 + t * (0.14285715 + t * 0.11111111)));
  return -(f32(e) * 0.6931472 + 2.0 * s * series);
}

// cosine and sine of `turn` full turns, 0 <= turn < 1, by their series within an eighth of a turn of the nearest quarter
fn direction(turn: f32) -> vec2f {
  let quarter = floor(4.0 * turn + 0.5);
  let a = (4.0 * turn - quarter) * 1.5707964;
  let z = a * a;
  let s = a * (1.0 - z * (0.16666667 - z * (0.008333334 - z * (0.00019841270 - z * 2.7557319e-6))));
  let c = 1.0 - z * (0.5 - z * (0.041666668 - z * (0.0013888889 - z * (2.4801588e-5 - z * 2.7557319e-7))));
  let turned = select(vec2f(c, s), vec2f(-s, c), (u32(quarter) & 1u) == 1u);
  return select(turned, -turned, (u32(quarter) & 2u) == 2u);
}

fn sample(j: u32) -> vec2f {
  let words = threefry(j);
  if (params.op == UNIFORM) { return params.offset + params.span * (uniform_of(words) - params.shift); }
  let radius = sqrt(max(2.0 * minus_log(f32((words.x >> 8u) + 1u) * 5.9604645e-8), 0.0));
  return params.offset + params.span * radius * direction(uniform_of(words).y);
}

@compute @workgroup_size(size)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * size;
  if (i * 4u >= params.n) { return; }
  y[i] = vec4f(sample(2u * i), sample(2u * i + 1u));
}
