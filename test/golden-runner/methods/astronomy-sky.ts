import { Wcs } from "../../../src/astronomy";
import type { FitsValue } from "../../../src/astronomy";
import { onHost } from "../adapter";
import type { Adapters } from "../adapter";
import type { Values } from "../format";

type Header = Readonly<Record<string, FitsValue>>;

export const ASTRONOMY_SKY: Adapters = {
  wcs_pixel_to_world: onHost<{ pixel: Values }, { header: Header }>(({ pixel }, { header }) => ({
    world: { data: new Wcs(header).pixelToWorld(pixel.data as Float64Array), shape: pixel.shape },
  })),
  wcs_world_to_pixel: onHost<{ world: Values }, { header: Header }>(({ world }, { header }) => ({
    pixel: { data: new Wcs(header).worldToPixel(world.data as Float64Array), shape: world.shape },
  })),
};
