import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

/**
 * Holds a folder against other processes of this machine until it is released or the process ends, however it ends: an address that is
 * listened on, of which the system forgets with the process, and no file in the folder that would be left behind.
 * @throws where another process holds it, with its number
 */
export async function lockFolder(folder: string): Promise<{ release: () => Promise<void> }> {
  const address = addressOf(await trueName(resolve(folder)));
  for (let attempt = 0; ; attempt++) {
    const server = await listen(address);
    if (server) return { release: () => new Promise((done) => server.close(() => done())) };
    const holder = await holderOf(address);
    if (holder !== undefined) throw new Error(`cannot write into ${folder}: process ${holder} is writing into it`);
    if (attempt > 0) throw new Error(`cannot write into ${folder}: another process is writing into it`);
    if (isFile(address)) rmSync(address, { force: true }); // of a process that was killed
  }
}

/** The folder's own name, whatever links lead to it; of one that is not there, by the part that is. */
async function trueName(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    return dirname(folder) === folder ? folder : join(await trueName(dirname(folder)), basename(folder));
  }
}

/** Linux and Windows have addresses that are no files. */
function addressOf(folder: string): string {
  const name = `constella-${createHash("sha256").update(folder).digest("hex").slice(0, 32)}`;
  if (process.platform === "linux") return `\0${name}`;
  return process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

const isFile = (address: string): boolean => !address.startsWith("\0") && !address.startsWith("\\\\.\\pipe");

/** Listens, and says the number of this process to whoever asks; undefined where another process listens. */
function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on("error", () => undefined).end(String(process.pid)));
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** The number of the process that listens; undefined where none does. */
function holderOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let text = "";
    socket.setTimeout(2000, () => socket.destroy());
    socket.on("data", (chunk) => (text += String(chunk)));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(text === "" ? undefined : text));
  });
}
