// Sessions by the names of methods, and what is written of their labels.
import { writeCsv } from "constella/data";
import { loadMethod } from "constella/methods";
import { LEARNED, TITLES } from "../methods";
import { learnedSession } from "./learned";
import type { Session, Task } from "./session";
import { methodSession } from "./work";

/** Labels as a table, as the command line writes it. */
export const labelsTable = (labels: Int32Array, ids?: readonly string[]): string =>
  writeCsv(
    Int32Array.from(labels, (_, row) => row),
    { columns: ["row"], labels, labelName: "cluster", ...(ids && { ids }) },
  );

export const sessionOf = async (method: string, task: Task): Promise<Session> =>
  method === LEARNED ? learnedSession(task) : methodSession(await loadMethod(method), task);

/** A method's name in headings. */
export const titleOf = async (method: string): Promise<string> =>
  method === LEARNED ? TITLES[method]! : (await loadMethod(method)).title;
