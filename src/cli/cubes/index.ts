// What commands do with cubes: loaded when there is one.
export { cubeSet } from "./data";
export { pixelLabels } from "./read";
export { reportOfCube, reportOfStreamed, unitsOf } from "./report";
export { writeClusters, writeField, writePixelLabels, writePlanes } from "./write";
