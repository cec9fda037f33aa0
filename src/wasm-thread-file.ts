// The worker of the WASM device as a file, `constella/thread`, for pages whose content security policy forbids `blob:` workers.
import { threadMain } from "./wasm-thread";

threadMain();
