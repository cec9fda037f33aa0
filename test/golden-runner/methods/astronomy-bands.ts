import {
  asinhStretch,
  backgroundMesh,
  percentileLimits,
  psfMatched,
  readBands,
  reprojected,
  sigmaClip,
  Wcs,
  zscaleLimits,
} from "../../../src/astronomy";
import type {
  BackgroundOptions,
  FitsValue,
  PsfMatchOptions,
  SigmaClipOptions,
  ZscaleOptions,
} from "../../../src/astronomy";
import { NdArray } from "../../../src/ndarray";
import { onDevice, onHost } from "../adapter";
import type { Adapters, ComputeAdapter } from "../adapter";
import type { Values } from "../format";

type Header = Readonly<Record<string, FitsValue>>;

/** Leading axes as one of bands. */
function asCube({ data, shape }: Values): Values {
  const [height, width] = shape.slice(-2) as [number, number];
  return new NdArray(data, [shape.slice(0, -2).reduce((size, n) => size * n, 1), height, width]);
}

const reproject = (method: "bilinear" | "nearest"): ComputeAdapter =>
  onDevice<{ image: Values }, { headerIn: Header; headerOut: Header; shapeOut: [number, number] }>(
    async ({ image }, { headerIn, headerOut, shapeOut: [height, width] }, { device, expected }) => {
      const grid = { wcs: new Wcs(headerOut), height, width };
      const source = reprojected(asCube(image), new Wcs(headerIn), grid, { method, device });
      const { data } = await readBands(source);
      const footprint = Uint8Array.from(data, (value) => Number(!Number.isNaN(value)));
      const flat = expected["footprint"]!.shape.length === 2 ? footprint.subarray(0, height * width) : footprint;
      return {
        data: { data, shape: [...image.shape.slice(0, -2), height, width] },
        footprint: { data: flat, shape: expected["footprint"]!.shape },
      };
    },
  );

export const ASTRONOMY_BANDS: Adapters = {
  reproject_bilinear: reproject("bilinear"),
  reproject_nearest: reproject("nearest"),
  gaussian_psf_match: onDevice<{ cube: Values }, Omit<PsfMatchOptions, "device">>(
    async ({ cube }, attrs, { device }) => {
      const matched = psfMatched(asCube(cube), { ...attrs, device });
      const kernels = Object.fromEntries(
        matched.kernels.map(({ weights, size }, band) => [
          `kernel_${band}`,
          {
            data: Float64Array.from(
              { length: size * size },
              (_, i) => weights[Math.floor(i / size)]! * weights[i % size]!,
            ),
            shape: [size, size],
          },
        ]),
      );
      return {
        data: { data: (await readBands(matched)).data, shape: cube.shape },
        sigma: matched.kernels.map(({ sigma }) => sigma),
        kernel_size: matched.kernels.map(({ size }) => size),
        ...kernels,
      };
    },
  ),
  zscale_limits: onHost<{ image: Values }, ZscaleOptions>(({ image }, attrs) => ({
    ...zscaleLimits(image.data as Float32Array, attrs),
  })),
  asinh_stretch: onHost<{ x: Values }, { vmin: number; vmax: number; a: number }>(({ x }, { a, ...limits }) => ({
    y: { data: asinhStretch(x.data as Float32Array, limits, a), shape: x.shape },
  })),
  percentile_limits: onHost<{ x: Values }, { lower: number; upper: number }>(({ x }, { lower, upper }) => ({
    ...percentileLimits(x.data as Float32Array, lower, upper),
  })),
  sigma_clip_stats: onHost<{ x: Values }, SigmaClipOptions>(({ x }, attrs) => ({
    ...sigmaClip(x.data as Float32Array, attrs),
  })),
  background_mesh: onHost<{ image: Values }, BackgroundOptions>(({ image }, attrs) => ({
    ...backgroundMesh(image, attrs),
  })),
};
