/**
 * The worker of the WASM device as a file, for pages whose content security policy forbids `blob:` workers: its address is what
 * `workerUrl` of `requestDevice` takes. It exports nothing.
 * @module constella/thread
 */
import { threadMain } from "./thread";

threadMain();
