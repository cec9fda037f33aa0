// The compiler's messages, with the line and a caret under the place.

/** Compiles WGSL; returns the messages, and whether it may run. */
export async function compileWgsl(
  device: GPUDevice,
  name: string,
  code: string,
): Promise<{ text: string; ok: boolean }> {
  device.pushErrorScope("validation");
  const shader = device.createShaderModule({ label: name, code });
  const { messages } = await shader.getCompilationInfo();
  const failure = await device.popErrorScope();
  const lines = code.split("\n");
  const quoted = messages.map(({ type, message, lineNum, linePos, length }) => {
    const prefix = `${String(lineNum).padStart(4)} | `;
    const caret = " ".repeat(prefix.length + Math.max(0, linePos - 1)) + "^".repeat(Math.max(1, Math.min(length, 60)));
    return `${name}.wgsl:${lineNum}:${linePos}: ${type}: ${message}\n${prefix}${lines[lineNum - 1] ?? ""}\n${caret}`;
  });
  const ok = !messages.some(({ type }) => type === "error") && !failure;
  if (!ok && quoted.length === 0) quoted.push(`${name}: ${failure?.message ?? "does not compile"}`);
  return { text: quoted.join("\n\n"), ok };
}
