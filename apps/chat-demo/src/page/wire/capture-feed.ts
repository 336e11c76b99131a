/** Bytes of a growing pcapng file, as they come, into packets. */
import { openCapture, type Packet } from "@sockeye/pcap-decode";

export interface CaptureFeed {
  push(bytes: Uint8Array): void;
  /** No more bytes will come. */
  end(): void;
}

/** Starts a file. `onEnd` hears what is wrong with it, if anything is. */
export function startFeed(
  onPacket: (packet: Packet) => void,
  onEnd: (problem: string | undefined) => void,
): CaptureFeed {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    cancel() {
      controller = undefined;
    },
  });
  async function read(): Promise<void> {
    const capture = openCapture(stream);
    // What is kept must not hold the piece of the file that it came in.
    for await (const packet of capture) onPacket(packet.copy());
    onEnd(capture.problem?.message);
  }
  read().catch((error: unknown) => onEnd(error instanceof Error ? error.message : String(error)));
  return {
    push: (bytes) => controller?.enqueue(bytes),
    end() {
      controller?.close();
      controller = undefined;
    },
  };
}
