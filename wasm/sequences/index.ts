export * from "./recurrent";
export * from "./spectrum";
