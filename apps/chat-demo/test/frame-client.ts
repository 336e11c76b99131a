/** A client that speaks frames, over WebSocket or as JSON lines, and keeps what it is told. */
import { type Connection, openConnection } from "@sockeye/async-streams";
import { WebSocket } from "ws";
import { type ClientFrame, type HelloFrame, parseServerFrame, type ServerFrame } from "../src/protocol/frames.ts";

type Type = ServerFrame["type"];
type Of<T extends Type> = Extract<ServerFrame, { type: T }> | (ServerFrame & { type: T });

export class FrameClient {
  readonly frames: ServerFrame[] = [];
  /** What came in binary frames. */
  readonly binary: Buffer[] = [];
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  readonly #send: (text: string) => void;
  readonly #close: () => void;
  #over = false;
  #seen = 0;
  #changed: (() => void)[] = [];

  private constructor(start: (client: Hooks) => { send(text: string): void; close(): void }) {
    const { promise, resolve } = withResolvers();
    this.ended = promise;
    const { send, close } = start({
      onText: (text) => {
        const result = parseServerFrame(text);
        if ("problem" in result) throw new Error(`${result.problem}: ${text}`);
        this.frames.push(result.frame);
        this.#wake();
      },
      onBinary: (data) => {
        this.binary.push(data);
        this.#wake();
      },
      onEnd: () => {
        this.#over = true;
        this.#wake();
        resolve();
      },
    });
    this.#send = send;
    this.#close = close;
  }

  /** Over WebSocket. Rejects when the server refuses. */
  static async webSocket(port: number, headers: Record<string, string> = {}): Promise<FrameClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const client = new FrameClient(({ onText, onBinary, onEnd }) => {
      socket.on("message", (data: Buffer, isBinary) => (isBinary ? onBinary(data) : onText(data.toString())));
      socket.on("close", onEnd);
      return { send: (text) => socket.send(text), close: () => socket.close() };
    });
    await opened;
    return client;
  }

  /** As JSON lines over TCP. */
  static async jsonLines(port: number): Promise<FrameClient> {
    const connection: Connection = await openConnection({ host: "127.0.0.1", port });
    return new FrameClient(({ onText, onEnd }) => {
      const read = async (): Promise<void> => {
        for await (const line of connection.reader) if (line.startsWith("{")) onText(line);
      };
      read()
        .catch(() => {})
        .then(() => connection.close())
        .catch(() => {})
        .then(onEnd);
      return {
        send: (text) => void connection.writer.write(`${text}\n`),
        close: () => void connection.close().catch(() => {}),
      };
    });
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const resolve of waiting) resolve();
  }

  send(frame: ClientFrame): this {
    this.#send(JSON.stringify(frame));
    return this;
  }

  /** Sends what may be no frame. */
  sendText(text: string): this {
    this.#send(text);
    return this;
  }

  hello(rest: Omit<HelloFrame, "type" | "version"> = {}): this {
    return this.send({ type: "hello", version: 1, ...rest });
  }

  say(text: string, key?: string): this {
    return this.send({ type: "line", text, ...(key !== undefined && { key }) });
  }

  /** The next frame of a type, among those that no call has passed over yet. */
  async next<T extends Type>(type: T, fits: (frame: Of<T>) => boolean = () => true): Promise<Of<T>> {
    for (;;) {
      while (this.#seen < this.frames.length) {
        const frame = this.frames[this.#seen++]!;
        if (frame.type === type && fits(frame as Of<T>)) return frame as Of<T>;
      }
      await this.change(`no ${type}`);
    }
  }

  /** Resolves when something came. */
  async change(what: string): Promise<void> {
    if (this.#over) throw new Error(`The connection ended: ${what}, but ${JSON.stringify(this.frames.slice(-3))}`);
    await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  /** The texts that were said, in the order in which it was told them, in a history or as they came. */
  get texts(): string[] {
    return this.frames.flatMap((frame) => {
      if (frame.type === "history") return frame.messages.map(({ text }) => text);
      return frame.type === "said" ? [frame.text] : [];
    });
  }

  async close(): Promise<void> {
    this.#close();
    await this.ended;
  }
}

interface Hooks {
  onText(text: string): void;
  onBinary(data: Buffer): void;
  onEnd(): void;
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
