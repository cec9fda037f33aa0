/** How a test's WAV file is encoded. */
export interface WavEncoding {
  readonly bits: 8 | 16 | 24 | 32 | 64;
  readonly float?: boolean;
  readonly extensible?: boolean;
  readonly sampleRate?: number;
  /** A chunk of that many bytes before and after the data. */
  readonly extra?: number;
}

/** A WAV file of channels of equal length, values in [-1, 1]. */
export function encodeWav(channels: readonly ArrayLike<number>[], encoding: WavEncoding): Uint8Array {
  const { bits, float = false, extensible = false, sampleRate = 16000, extra } = encoding;
  const length = channels[0]!.length;
  const frame = (channels.length * bits) / 8;
  const format = new Uint8Array(extensible ? 40 : 16);
  const header = new DataView(format.buffer);
  header.setUint16(0, extensible ? 0xfffe : float ? 3 : 1, true);
  header.setUint16(2, channels.length, true);
  header.setUint32(4, sampleRate, true);
  header.setUint32(8, sampleRate * frame, true);
  header.setUint16(12, frame, true);
  header.setUint16(14, bits, true);
  if (extensible) {
    header.setUint16(16, 22, true);
    header.setUint16(18, bits, true);
    header.setUint16(24, float ? 3 : 1, true);
    format.set([0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113], 26);
  }
  const data = new Uint8Array(length * frame);
  const view = new DataView(data.buffer);
  for (let i = 0; i < length; i++)
    channels.forEach((channel, c) => {
      const at = i * frame + (c * bits) / 8;
      const value = channel[i]!;
      const whole = Math.max(-(2 ** (bits - 1)), Math.min(2 ** (bits - 1) - 1, Math.round(value * 2 ** (bits - 1))));
      if (bits === 64) view.setFloat64(at, value, true);
      else if (float) view.setFloat32(at, value, true);
      else if (bits === 8) view.setUint8(at, whole + 128);
      else for (let byte = 0; byte < bits / 8; byte++) view.setUint8(at + byte, (whole >> (8 * byte)) & 255);
    });
  const chunks: [string, Uint8Array][] = [
    ["fmt ", format],
    ["data", data],
  ];
  if (extra !== undefined) chunks.splice(1, 0, ["LIST", new Uint8Array(extra)]);
  if (extra !== undefined) chunks.push(["junk", new Uint8Array(extra)]);
  const body = chunks.flatMap(([name, content]) => {
    const size = new Uint8Array(Uint32Array.of(content.length).buffer);
    return [...new TextEncoder().encode(name), ...size, ...content, ...(content.length % 2 ? [0] : [])];
  });
  const size = new Uint8Array(Uint32Array.of(body.length + 4).buffer);
  return Uint8Array.from([...new TextEncoder().encode("RIFF"), ...size, ...new TextEncoder().encode("WAVE"), ...body]);
}
