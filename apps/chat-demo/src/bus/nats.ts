/**
 * The bus of a cluster: NATS JetStream keeps what is said in one stream, and every server follows it. The sequence of the
 * stream is the one order of every room, and the id of a message.
 */
import { randomUUID } from "node:crypto";
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "pino";
import type { History } from "../history/history.ts";
import type { Limits } from "../hub/limits.ts";
import { nameKey } from "../protocol/name.ts";
import type { Bus, Draft, Listener } from "./bus.ts";
import { decodeSaid, encodeSaid } from "./nats-message.ts";
import { Outgoing } from "./outgoing.ts";

const STREAM = "SOCKEYE_CHAT";
const SUBJECT = "sockeye.chat.said";
/** JetStream's message id: what comes twice with it within the window is kept once. */
const MESSAGE_ID = "Nats-Msg-Id";
const DUPLICATE_WINDOW = 10 * 60 * 1_000;
const CONNECT_TIMEOUT = 5_000;
/** Milliseconds between attempts to come back, and what is added by chance. */
const RECONNECT_WAIT = 200;
const RECONNECT_JITTER = 100;
/** NATS says that it is there when there is nothing to say, in milliseconds. */
const HEARTBEAT = 2_000;
const PULL_EXPIRES = 30_000;
const PULL_MESSAGES = 1_000;
/** Before something is tried again that failed, in milliseconds. */
const RETRY_WAIT = 250;
const ACK_TIMEOUT = 3_000;
const NANOSECONDS = 1_000_000;
const DAY = 24 * 60 * 60 * 1_000;

export interface NatsOptions {
  /** `nats://host:4222`, or several with commas. */
  url: string;
  /** This server's view of the stream: filled from it, and read by the hub. */
  view: History;
  limits: Pick<Limits, "maxHistory" | "historyDays" | "maxPending" | "closeTimeout">;
  log: Logger;
}

export class NatsBus implements Bus {
  readonly connection: NatsConnection;
  readonly #jetStream: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #view: History;
  readonly #limits: NatsOptions["limits"];
  readonly #log: Logger;
  readonly #outgoing: Outgoing;
  #listener: Listener = () => {};
  #lastId = 0;
  #messages: ConsumerMessages | undefined;
  #closed = false;
  #following: Promise<void> = Promise.resolve();

  private constructor(connection: NatsConnection, manager: JetStreamManager, options: NatsOptions) {
    this.connection = connection;
    this.#jetStream = jetstream(connection, { timeout: ACK_TIMEOUT });
    this.#manager = manager;
    this.#view = options.view;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#outgoing = new Outgoing((id, subject, payload) => this.#send(id, subject, payload));
  }

  /** Connects, and reads what the stream has. Rejects when NATS or its JetStream cannot be reached. */
  static async open(options: NatsOptions): Promise<NatsBus> {
    const connection = await connect({
      servers: options.url.split(","),
      name: "sockeye-chat",
      timeout: CONNECT_TIMEOUT,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT,
      reconnectJitter: RECONNECT_JITTER,
    });
    try {
      const bus = new NatsBus(connection, await jetstreamManager(connection), options);
      await bus.#prepare();
      void bus.#watch();
      const { promise, resolve } = deferred();
      bus.#following = bus.#follow(resolve);
      await promise;
      return bus;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  listen(listener: Listener): void {
    this.#listener = listener;
  }

  publish({ key, ...said }: Draft, origin: unknown): Promise<number> {
    const known = key === undefined ? undefined : this.#view.idOf(key);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#outgoing.size >= this.#limits.maxPending) {
      return Promise.reject(new Error(`NATS is away, and ${this.#outgoing.size} messages wait for it`));
    }
    return this.#outgoing.add(key ?? randomUUID(), subjectOf(said.room), encodeSaid(said, key), origin);
  }

  flush(): void {}

  get isReady(): boolean {
    return this.#outgoing.isOpen;
  }

  async close(): Promise<void> {
    await this.#outgoing.settled(this.#limits.closeTimeout);
    this.#closed = true;
    await this.#messages?.close();
    await this.connection.close();
    await this.#following;
  }

  /** Makes the stream, unless a server before us did. */
  async #prepare(): Promise<void> {
    const { maxHistory, historyDays } = this.#limits;
    try {
      await this.#manager.streams.info(STREAM);
    } catch {
      await this.#manager.streams.add({
        name: STREAM,
        subjects: [`${SUBJECT}.>`],
        retention: RetentionPolicy.Limits,
        storage: StorageType.File,
        discard: DiscardPolicy.Old,
        max_msgs: maxHistory,
        max_age: historyDays * DAY * NANOSECONDS,
        duplicate_window: DUPLICATE_WINDOW * NANOSECONDS,
      });
    }
    const { state } = await this.#manager.streams.info(STREAM);
    this.#lastId = Math.max(0, state.first_seq - 1, state.last_seq - maxHistory, this.#view.lastId);
  }

  /** Follows the stream from where this server is, again after each interruption. */
  async #follow(onCaughtUp: () => void): Promise<void> {
    while (!this.#closed) {
      try {
        const consumer = await this.#jetStream.consumers.get(STREAM, {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: this.#lastId + 1,
        });
        const { num_pending, config } = await consumer.info(true);
        if (config.ack_policy !== AckPolicy.None) throw new Error("The consumer is not an ordered one");
        const caughtUp = (): void => {
          onCaughtUp();
          this.#outgoing.resume();
        };
        if (num_pending === 0) caughtUp();
        this.#messages = await consumer.consume({
          max_messages: PULL_MESSAGES,
          expires: PULL_EXPIRES,
          idle_heartbeat: HEARTBEAT,
          callback: (message) => {
            this.#receive(message);
            if (message.info.pending === 0) caughtUp();
          },
        });
        if (this.#closed) await this.#messages.close();
        const error = await this.#messages.closed();
        if (error instanceof Error) throw error;
      } catch (error) {
        if (this.#closed) return;
        this.#log.warn(`NATS does not let us follow the stream, and is asked again: ${(error as Error).message}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_WAIT));
      }
    }
  }

  /** After a break everything begins anew: first what was said meanwhile, and then what has not arrived. */
  async #watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === "disconnect") {
        this.#outgoing.pause();
        if (!this.#closed) this.#log.warn("NATS is away; what is said waits for it");
      } else if (type === "reconnect") {
        this.#log.info("NATS is back");
        void this.#messages?.close();
      }
    }
  }

  #receive(message: JsMsg): void {
    if (message.seq <= this.#lastId) return;
    this.#lastId = message.seq;
    const said = decodeSaid(message.data);
    const id = message.headers?.get(MESSAGE_ID);
    // Somebody else's message in our stream is passed over.
    if (said === undefined || id === undefined) return;
    const told = { ...said.message, id: message.seq, time: message.time.getTime() };
    this.#view.append([{ message: told, key: said.key }]);
    this.#listener(told, said.key, this.#outgoing.arrived(id, message.seq));
  }

  async #send(id: string, subject: string, payload: Uint8Array): Promise<number> {
    const extra = headers();
    extra.set(MESSAGE_ID, id);
    const { seq } = await this.#jetStream.publish(subject, payload, {
      headers: extra,
      timeout: ACK_TIMEOUT,
      retries: 0,
    });
    return seq;
  }
}

/** A room's subject: letters that NATS allows there, whatever the room's name has. */
function subjectOf(room: string): string {
  return `${SUBJECT}.${Buffer.from(nameKey(room)).toString("base64url")}`;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
