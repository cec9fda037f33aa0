import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readSafetensors } from "../../../src/data/formats/safetensors";

test("every golden safetensors file is read whole, with 64-bit types among them", () => {
  const folder = new URL("../../golden/", import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith(".safetensors"));
  const types = files.flatMap((file) => [...readSafetensors(readFileSync(new URL(file, folder))).types.values()]);
  expect(new Set(types)).toEqual(new Set(["F32", "F64", "I64", "I32", "I16", "I8", "U16", "U8"]));
});
