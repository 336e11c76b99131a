/** The page's connection: frames as texts, packets as bytes. */
import type { Transport, TransportEvents } from "../session/connector.ts";

/** A connection that is not open after so many milliseconds is given up. */
const OPEN_TIMEOUT = 10_000;

/** The address of the chat on the server that the page came from. */
export function chatAddress(page: Location): string {
  const url = new URL("chat", page.href.replace(/[?#].*$/s, ""));
  url.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** Connects. `onBytes` hears binary messages. */
export function connectWebSocket(
  address: string,
  events: TransportEvents,
  onBytes: (bytes: Uint8Array) => void,
): Transport {
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    events.closed();
  };
  const timer = setTimeout(() => {
    socket.close();
    end();
  }, OPEN_TIMEOUT);
  socket.addEventListener("open", () => {
    clearTimeout(timer);
    if (!over) events.opened();
  });
  socket.addEventListener("message", ({ data }) => {
    if (over) return;
    if (typeof data === "string") events.received(data);
    else onBytes(new Uint8Array(data as ArrayBuffer));
  });
  // An `error` is always followed by `close`, which says all that a page may know.
  socket.addEventListener("close", end);
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close() {
      over = true;
      clearTimeout(timer);
      socket.close();
    },
  };
}
