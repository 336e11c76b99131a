/** A client that says its lines and comes back whenever its server goes away, as clients should. */
import { randomUUID } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Message } from "../src/protocol/events.ts";
import type { ServerFrame } from "../src/protocol/frames.ts";

/** Lines that are said before the first is acknowledged. */
const WINDOW = 10;
const RECONNECT_WAIT = 50;

export class Talker {
  readonly nick: string;
  /** What it heard, in order, as often as it was told it. */
  readonly heard: string[] = [];
  /** What was told out of order, twice or by mistake. */
  readonly complaints: string[] = [];
  connections = 0;
  #port: number;
  #room: string;
  #lines: { text: string; key: string; sent: boolean }[];
  #acknowledged = new Set<string>();
  #lastId = 0;
  #socket: Socket | undefined;
  #closed = false;
  #onChange: () => void;

  constructor(nick: string, port: number, room: string, lines: readonly string[], onChange: () => void) {
    this.nick = nick;
    this.#port = port;
    this.#room = room;
    this.#lines = lines.map((text) => ({ text, key: randomUUID(), sent: false }));
    this.#onChange = onChange;
    this.#connect();
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  close(): void {
    this.#closed = true;
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = createConnection(this.#port, "127.0.0.1");
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("close", () => {
      if (!this.#closed) setTimeout(() => this.#connect(), RECONNECT_WAIT);
    });
    socket.on("connect", () => {
      this.connections++;
      for (const line of this.#lines) line.sent = false;
      const after = this.#lastId === 0 ? {} : { after: { [this.#room]: this.#lastId } };
      this.#send({ type: "hello", version: 1, nick: this.nick, room: this.#room, ...after });
    });
    const lines = createInterface({ input: socket });
    // It passes the socket's errors on.
    lines.on("error", () => {});
    lines.on("line", (line) => this.#receive(JSON.parse(line) as ServerFrame));
  }

  #send(frame: object): void {
    this.#socket!.write(`${JSON.stringify(frame)}\n`);
  }

  #receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "history":
        if (frame.gap) this.complaints.push("there is a gap");
        for (const message of frame.messages) this.#hear(message);
        this.#talk();
        break;
      case "said":
        this.#hear(frame);
        break;
      case "ack":
        this.#acknowledged.add(frame.key);
        this.#talk();
        break;
      case "problem":
        // The server of before may not have noticed yet that it lost us.
        if (frame.code !== "nick") this.complaints.push(frame.text);
        break;
    }
    this.#onChange();
  }

  #hear({ id, text }: Message): void {
    if (id <= this.#lastId) this.complaints.push(`${text} (${id}) came after ${this.#lastId}`);
    this.#lastId = id;
    this.heard.push(text);
  }

  /** In order: what follows a line that was not acknowledged is said behind it, also on a new connection. */
  #talk(): void {
    let open = 0;
    for (const line of this.#lines) {
      if (this.#acknowledged.has(line.key)) continue;
      if (++open > WINDOW) return;
      if (line.sent) continue;
      line.sent = true;
      this.#send({ type: "line", text: line.text, key: line.key });
    }
  }
}
