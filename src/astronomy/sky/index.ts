export { Wcs } from "./wcs";
