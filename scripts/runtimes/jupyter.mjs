// A client of Deno's Jupyter kernel, for running a notebook where Jupyter is not installed: Jupyter's messages (protocol 5.3) over
// ZeroMQ's (ZMTP 3.0 without security), as far as executing cells takes them.
import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { denoBinary } from "./deno.mjs";

const [MORE, LONG, COMMAND] = [1, 2, 4];

function encodeFrame(body, flags) {
  const long = body.length > 255;
  const head = Buffer.alloc(long ? 9 : 2);
  head[0] = flags | (long ? LONG : 0);
  if (long) head.writeBigUInt64BE(BigInt(body.length), 1);
  else head[1] = body.length;
  return Buffer.concat([head, body]);
}

/** Signature, version 3.0, the mechanism NULL in 20 bytes, no server, filler. */
const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]),
  Buffer.from("NULL".padEnd(52, "\0")),
]);

function ready(type) {
  const word = (text, bytes) => {
    const size = Buffer.alloc(bytes);
    size.writeUIntBE(text.length, 0, bytes);
    return Buffer.concat([size, Buffer.from(text)]);
  };
  return Buffer.concat([word("READY", 1), word("Socket-Type", 1), word(type, 4), word("Identity", 1), word("", 4)]);
}

/**
 * A ZeroMQ socket that is connected to a port of this machine; `receive` gets each message as an array of frames.
 * @returns {Promise<{ send(frames: Buffer[]): void, close(): void }>}
 */
function open(port, type, receive) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(GREETING));
    let [bytes, greeted, frames] = [Buffer.alloc(0), false, []];
    const send = (parts) =>
      parts.forEach((part, i) => socket.write(encodeFrame(part, i < parts.length - 1 ? MORE : 0)));
    const handle = (flags, body) => {
      if (flags & COMMAND) {
        if (body.toString("latin1", 1, 6) !== "READY") return;
        if (type === "SUB") send([Buffer.from([1])]); // every topic
        resolve({ send, close: () => socket.destroy() });
        return;
      }
      frames.push(body);
      if (flags & MORE) return;
      receive(frames);
      frames = [];
    };
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!greeted) {
        if (bytes.length < GREETING.length) return;
        bytes = bytes.subarray(GREETING.length);
        greeted = true;
        socket.write(encodeFrame(ready(type), COMMAND));
      }
      for (;;) {
        if (bytes.length < 2) return;
        const long = bytes[0] & LONG;
        if (long && bytes.length < 9) return;
        const [begin, size] = long ? [9, Number(bytes.readBigUInt64BE(1))] : [2, bytes[1]];
        if (bytes.length < begin + size) return;
        const [flags, body] = [bytes[0], bytes.subarray(begin, begin + size)];
        bytes = bytes.subarray(begin + size);
        handle(flags, body);
      }
    });
  });
}

async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
      return server;
    }),
  );
  const ports = servers.map((server) => /** @type {import("node:net").AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const DELIMITER = "<IDS|MSG>";

async function untilOpen(attempt, child) {
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null) throw new Error(`deno jupyter ended with ${child.exitCode}`);
    try {
      return await attempt();
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100)); // not listening yet
    }
  }
}

/**
 * What a cell of a notebook shows (nbformat 4).
 * @typedef {{
 *   readonly output_type: "stream" | "display_data" | "execute_result" | "error",
 *   readonly data?: Readonly<Record<string, string | readonly string[]>>,
 *   readonly text?: string | readonly string[],
 *   readonly traceback?: readonly string[],
 * }} Output
 */

/**
 * Starts Deno's kernel in a folder.
 * @param {string} cwd
 * @returns {Promise<{ execute(code: string): Promise<Output[]>, close(): Promise<void> }>} `execute` runs a cell and returns its outputs
 * as a notebook holds them
 */
export async function startKernel(cwd) {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const key = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), "constella-kernel-"));
  const file = join(folder, "connection.json");
  const ports = { shell_port, iopub_port, stdin_port, control_port, hb_port };
  const connection = { transport: "tcp", ip: "127.0.0.1", signature_scheme: "hmac-sha256", key, kernel_name: "deno" };
  await writeFile(file, JSON.stringify({ ...connection, ...ports }));
  const child = spawn(await denoBinary(), ["jupyter", "--kernel", "--conn", file], {
    cwd,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: "ignore",
  });

  const shown = new Map();
  let listener = (_type, _content) => {};
  const decode = (frames) => {
    const start = frames.findIndex((frame) => frame.toString() === DELIMITER);
    const [header, , , content] = frames.slice(start + 2).map((frame) => JSON.parse(frame.toString()));
    listener(header.msg_type, content);
  };
  const iopub = await untilOpen(() => open(iopub_port, "SUB", decode), child);
  const shell = await untilOpen(() => open(shell_port, "DEALER", decode), child);
  const session = randomUUID();

  function request(type, content) {
    const header = { msg_id: randomUUID(), msg_type: type, session, username: "", version: "5.3", date: new Date() };
    const parts = [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
    const signature = createHmac("sha256", key).update(Buffer.concat(parts)).digest("hex");
    shell.send([Buffer.from(DELIMITER), Buffer.from(signature), ...parts]);
  }

  // Subscriptions take effect some time after they are asked for: what is published before is lost.
  for (let heard = false; !heard && child.exitCode === null;) {
    listener = (type) => (heard ||= type === "status");
    request("kernel_info_request", {});
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  const ended = new Promise((_, reject) =>
    child.once("exit", (status) => reject(new Error(`deno jupyter ended with ${status}`))),
  );
  ended.catch(() => undefined); // told to whoever waits for a cell
  const options = { silent: false, user_expressions: {}, allow_stdin: false, stop_on_error: false };
  const run = (code) => request("execute_request", { code, ...options, store_history: true });

  return {
    // The kernel says that a cell is done before all of its outputs are published, so another one follows that says so the way they do.
    execute: async (code) => {
      const mark = `end of the cell ${randomUUID()}`;
      const cell = { outputs: [], text: {} };
      const isDone = new Promise((resolve) => {
        let isDisplayed = false;
        listener = (type, content) => {
          if (content.data?.["text/plain"] === mark) isDisplayed = true;
          else addOutput(cell, shown, type, content);
          if (isDisplayed && cell.text.stdout?.includes(mark)) resolve();
        };
      });
      run(code);
      run(`console.log("${mark}"); await Deno.jupyter.display({ "text/plain": "${mark}" }, { raw: true });`);
      await Promise.race([isDone, ended]);
      cell.text.stdout = cell.text.stdout.replace(`${mark}\n`, "");
      const streams = Object.entries(cell.text).filter(([, text]) => text !== "");
      return [...cell.outputs, ...streams.map(([name, text]) => ({ output_type: "stream", name, text }))];
    },
    close: async () => {
      shell.close();
      iopub.close();
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Adds a message to what a cell shows, in the form of nbformat 4. What is displayed again under its `display_id` takes the place of
 * what was; `shown` are those that have one. Text is kept apart: it comes on another way, in no order with the rest.
 */
function addOutput({ outputs, text }, shown, type, content) {
  const { data, execution_count, transient, ename, evalue, traceback } = content;
  if (type === "stream") text[content.name] = (text[content.name] ?? "") + content.text;
  else if (type === "update_display_data") Object.assign(shown.get(transient.display_id) ?? {}, { data });
  else if (type === "display_data") {
    const output = { output_type: type, data, metadata: {} };
    outputs.push(output);
    shown.set(transient?.display_id, output);
  } else if (type === "execute_result") outputs.push({ output_type: type, data, metadata: {}, execution_count });
  else if (type === "error") outputs.push({ output_type: type, ename, evalue, traceback });
}
