/** Sockets that were dropped without `close()`: the descriptor is closed, and a ResourceWarning says so. */
import type { Descriptor } from "./readiness.ts";

/** Register a socket with its descriptor, and unregister it when it is closed or given away. */
export const forgotten: FinalizationRegistry<Descriptor> = new FinalizationRegistry((descriptor) => {
  if (descriptor.fd < 0) return;
  process.emitWarning(`A socket (descriptor ${descriptor.fd}) was dropped without close()`, "ResourceWarning");
  descriptor.close();
});
