/** Clients that speak frames over WebSocket, such as the page. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Channel } from "../hub/channel.ts";
import type { ChatEvent } from "../protocol/events.ts";
import type { ServerFrame } from "../protocol/frames.ts";
import type { Watcher } from "../wire/wire-tap.ts";
import { frameOf } from "./encode-frame.ts";
import { FrameSession } from "./frame-session.ts";
import { maxFrame } from "./max-frame.ts";
import { MIN_PAUSE, Pace } from "./pace.ts";
import { SendQueue } from "./send-queue.ts";
import type { Services } from "./services.ts";
import { SocketWriter } from "./socket-writer.ts";

/** RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
/** How those end who mean to go: 1000, 1001, and a close frame without a code. */
const meant: readonly number[] = [1000, GOING_AWAY, 1005];

/** The first byte of a whole message in one frame, RFC 6455, section 5.2. */
const TEXT = 0x81;
const BINARY = 0x82;

const textFrame = (text: string): Uint8Array => frameOfBytes(TEXT, Buffer.from(text));

/** A message in one frame: a server masks nothing. */
function frameOfBytes(first: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = first;
  if (header === 2) {
    frame[1] = length;
  } else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, header);
  return frame;
}

interface Peer {
  readonly socket: WebSocket;
  /** It has answered since it was asked last. */
  alive: boolean;
  /** It was told goodbye, and has some time to read that. */
  leaving: boolean;
}

/** What takes over connections that want to be WebSockets. */
export class WebSocketClients {
  readonly #services: Services;
  readonly #encode: (event: ChatEvent) => Uint8Array;
  readonly #server: WebSocketServer;
  readonly #peers = new Set<Peer>();
  readonly #timer: NodeJS.Timeout;

  constructor(services: Services) {
    const { limits, facts } = services;
    this.#services = services;
    // One function for all of them, and so one encoding of each event.
    this.#encode = (event) => textFrame(JSON.stringify(frameOf(event, facts, limits.maxLineLength)));
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: maxFrame(limits),
      clientTracking: false,
    });
    this.#timer = setInterval(() => this.#ask(), limits.pingInterval).unref();
  }

  /** Makes a connection of an HTTP server a client. Its origin has been checked. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#welcome(webSocket, socket as Socket);
    });
  }

  /** Resolves when nobody is left: who was told goodbye has `closeTimeout` to go, the others go now. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    const closed = [...this.#peers].map(({ socket, leaving }) => {
      const gone = new Promise((resolve) => socket.once("close", resolve));
      if (!leaving) socket.terminate();
      return gone;
    });
    await Promise.all(closed);
  }

  #welcome(webSocket: WebSocket, socket: Socket): void {
    const { hub, limits, wire, onDrop } = this.#services;
    const peer: Peer = { socket: webSocket, alive: true, leaving: false };
    this.#peers.add(peer);
    let code = GOING_AWAY;
    // Frames are ready and shared, and written as they are: `webSocket.send` would make the header for each client.
    const queue = new SendQueue(new SocketWriter(socket, () => webSocket.close(code)), limits);
    let ended = false;
    const send = (bytes: Uint8Array): boolean => ended || webSocket.readyState !== webSocket.OPEN || queue.push(bytes);
    const tell = (frame: ServerFrame): void => void send(textFrame(JSON.stringify(frame)));
    const channel: Channel = {
      encode: this.#encode,
      frames: true,
      send,
      close: (reason, { discard, restart = false }) => {
        if (ended) return;
        ended = true;
        peer.leaving = true;
        if (discard) {
          code = POLICY_VIOLATION;
          onDrop(session.client?.nick ?? "a browser", reason);
        }
        const timer = setTimeout(() => webSocket.terminate(), discard ? limits.dropTimeout : limits.closeTimeout);
        webSocket.once("close", () => clearTimeout(timer));
        const goodbye: ServerFrame = { type: "goodbye", reason, ...(restart && { restart }) };
        void queue.end(textFrame(JSON.stringify(goodbye)), { discard });
      },
    };
    const watcher: Watcher = {
      remotePort: socket.remotePort ?? 0,
      localPort: socket.localPort ?? 0,
      get waiting() {
        return queue.bytes + socket.writableLength;
      },
      send: (bytes) => void send(frameOfBytes(BINARY, bytes)),
      tell,
    };
    const address = socket.remoteAddress ?? "";
    const session = new FrameSession(this.#services, { channel, tell, address, watcher });
    const pace = new Pace(limits.linesPerSecond, Math.min(limits.burst, limits.linesPerSecond));
    let resuming: NodeJS.Timeout | undefined;
    const late = setTimeout(() => {
      if (session.client === undefined) channel.close("there was no hello in time", { discard: false });
    }, limits.handshakeTimeout);

    webSocket.on("message", (data: Buffer, isBinary) => {
      peer.alive = true;
      if (ended) return;
      if (isBinary) {
        channel.close("frames are text", { discard: true });
        return;
      }
      const text = data.toString();
      session.receive(text);
      // What was read together is handled together; the pause after it is as long as all of it is worth.
      const pause = pace.take(text.length, performance.now());
      if (pause <= 0) return;
      webSocket.pause();
      clearTimeout(resuming);
      resuming = setTimeout(() => webSocket.resume(), Math.max(pause, MIN_PAUSE));
    });
    webSocket.on("pong", () => {
      peer.alive = true;
    });
    // It is followed by `close`, which tells who was it.
    webSocket.on("error", () => {});
    webSocket.on("close", (code) => {
      clearTimeout(late);
      clearTimeout(resuming);
      this.#peers.delete(peer);
      wire?.forget(watcher);
      const { client } = session;
      if (client !== undefined) hub.leave(client, meant.includes(code) ? undefined : "connection lost");
    });
  }

  /** Whoever has not answered since the last time is gone. */
  #ask(): void {
    for (const peer of this.#peers) {
      if (!peer.alive) {
        peer.socket.terminate();
      } else if (peer.socket.readyState === peer.socket.OPEN) {
        peer.alive = false;
        peer.socket.ping();
      }
    }
  }
}
