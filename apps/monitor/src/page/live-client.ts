/** The page's side of the server. */
import { type ClientMessage, parseServerMessage, type ServerMessage } from "../wire/protocol.ts";

/** Milliseconds before another attempt to reach the server. */
const RETRY = 2000;

export interface LiveHandlers {
  message(message: ServerMessage): void;
  /** A pcapng file of some packets. */
  packets(bytes: ArrayBuffer): void;
  /** Whether the server can be reached. */
  connected(is: boolean): void;
}

export class LiveClient {
  readonly #handlers: LiveHandlers;
  #socket: WebSocket | undefined;

  constructor(handlers: LiveHandlers) {
    this.#handlers = handlers;
    this.#connect();
  }

  send(message: ClientMessage): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #connect(): void {
    // Beside the page: its path holds the token.
    const socket = new WebSocket(new URL("live", location.href.replace(/^http/, "ws")));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#handlers.connected(true);
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.#handlers.packets(data);
      else this.#handlers.message(parseServerMessage(String(data)));
    };
    socket.onclose = () => {
      this.#handlers.connected(false);
      setTimeout(() => this.#connect(), RETRY);
    };
    this.#socket = socket;
  }
}
