export * from "./augmentation";
export * from "./convolution";
export * from "./pooling";
export * from "./upsampling";
