/** What the markers of a JPEG file say before any of it is decoded. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** Components of the frame: 1 is grey. */
  readonly components: number;
  /** How the picture is to be shown, 1 (as stored) to 8: EXIF's tag 0x0112. */
  readonly orientation: number;
}

/** Markers of a frame (SOF0 to SOF15), without DHT, JPG and DAC, which lie among them. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/**
 * Reads the frame header and EXIF's orientation of a JPEG file (ITU T.81 B.2; EXIF 2.3, 4.6.4). Undefined where the file has no frame; an
 * orientation that is torn or not from 1 to 8 is 1.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2; // fill bytes, and markers without a segment
      continue;
    }
    const size = view.getUint16(at + 2);
    const end = at + 2 + size;
    if (size < 2 || end > bytes.length) return undefined;
    if (isFrame(marker))
      return size < 8
        ? undefined
        : { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: bytes[at + 9]!, orientation };
    if (marker === 0xe1) orientation = readOrientation(bytes.subarray(at + 4, end)) ?? orientation;
    at = end;
  }
  return undefined;
}

/** The orientation in a segment APP1, where it is EXIF's and has one. */
function readOrientation(segment: Uint8Array): number | undefined {
  if (String.fromCharCode(...segment.subarray(0, 6)) !== "Exif\0\0" || segment.length < 14) return undefined;
  const view = new DataView(segment.buffer, segment.byteOffset + 6, segment.byteLength - 6);
  const order = view.getUint16(0);
  const little = order === 0x4949;
  if (!little && order !== 0x4d4d) return undefined;
  const directory = view.getUint32(4, little);
  if (directory + 2 > view.byteLength) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= view.byteLength; i++, at += 12) {
    if (view.getUint16(at, little) !== 0x0112) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}
