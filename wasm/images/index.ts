export * from "./augmentation";
export * from "./convolution";
export * from "./pooling";
export * from "./resize";
export * from "./hog";
