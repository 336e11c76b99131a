/** A history in a file: SQLite, compiled to WebAssembly, so that there is nothing to build or install. */
import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import sqlite from "node-sqlite3-wasm";
import type { Limits } from "../hub/limits.ts";
import type { Message } from "../protocol/events.ts";
import { nameKey } from "../protocol/name.ts";
import { type History, KEYS, type KeyedMessage, type Page } from "./history.ts";
import { claim } from "./owner.ts";
import { RecentKeys } from "./recent-keys.ts";

/** What is too old or too much is looked for once in so many messages. */
const TRIM_EVERY = 1_000;
const DAY = 24 * 60 * 60 * 1_000;

const schema = `
  CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    room TEXT NOT NULL,
    room_key TEXT NOT NULL,
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    key TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_by_room ON messages (room_key, id);
  CREATE INDEX IF NOT EXISTS messages_by_key ON messages (id) WHERE key IS NOT NULL;
`;
const columns = "id, time, type, room, sender, text";

type Row = Record<string, unknown>;

const messageOf = ({ id, time, type, room, sender, text }: Row): Message => ({
  type: type as Message["type"],
  id: Number(id),
  time: Number(time),
  room: String(room),
  from: String(sender),
  text: String(text),
});

export class SqliteHistory implements History {
  readonly durable = true;
  readonly #database: sqlite.Database;
  readonly #limits: Pick<Limits, "maxHistory" | "historyDays">;
  readonly #release: () => void;
  readonly #insert: sqlite.Statement;
  readonly #before: sqlite.Statement;
  readonly #after: sqlite.Statement;
  readonly #last: sqlite.Statement;
  readonly #keys = new RecentKeys();
  #lastId = 0;
  #untrimmed = TRIM_EVERY;
  #closed = false;

  /**
   * Opens the file, or makes it, with the folder that it is in. Throws when another server has it, or when it is no
   * database of this kind.
   */
  constructor(path: string, limits: Pick<Limits, "maxHistory" | "historyDays">) {
    this.#limits = limits;
    mkdirSync(dirname(path), { recursive: true });
    this.#release = claim(path);
    try {
      // A process that was killed in a transaction leaves its lock behind; that nobody has it is known by now.
      rmSync(`${path}.lock`, { recursive: true, force: true });
      this.#database = new sqlite.Database(path);
    } catch (error) {
      this.#release();
      throw error;
    }
    try {
      // The write-ahead log makes a commit one write that waits for no disk, a hundredth of the time: a crash of this
      // process loses nothing, one of the system at most the last messages. Without shared memory, which WebAssembly
      // lacks, it needs the file for itself, and has it.
      this.#database.exec("PRAGMA locking_mode = EXCLUSIVE");
      this.#database.get("PRAGMA journal_mode = WAL");
      this.#database.exec(`PRAGMA synchronous = NORMAL; ${schema}`);
      this.#insert = this.#database.prepare(
        `INSERT INTO messages (${columns}, room_key, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      );
      this.#before = this.#database.prepare(
        `SELECT ${columns} FROM messages WHERE room_key = ? AND id < ? ORDER BY id DESC LIMIT ?`,
      );
      this.#after = this.#database.prepare(
        `SELECT ${columns} FROM messages WHERE room_key = ? AND id > ? ORDER BY id DESC LIMIT ?`,
      );
      this.#last = this.#database.prepare("SELECT max(id) AS id FROM messages WHERE room_key = ?");
      this.#lastId = Number(this.#database.get("SELECT max(id) AS id FROM messages")?.id ?? 0);
      const keyed = this.#database.all("SELECT id, key FROM messages WHERE key IS NOT NULL ORDER BY id DESC LIMIT ?", [
        KEYS,
      ]);
      for (const { id, key } of keyed.reverse()) this.#keys.set(String(key), Number(id));
    } catch (error) {
      this.#database.close();
      this.#release();
      throw error;
    }
  }

  get lastId(): number {
    return this.#lastId;
  }

  append(messages: readonly KeyedMessage[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { message, key } of messages) {
        const { id, time, type, room, from, text } = message;
        this.#insert.run([id, time, type, room, from, text, nameKey(room), key ?? null]);
      }
      this.#untrimmed += messages.length;
      if (this.#untrimmed >= TRIM_EVERY) this.#trim();
      this.#database.exec("COMMIT");
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
    for (const { message, key } of messages) {
      this.#lastId = message.id;
      if (key !== undefined) this.#keys.set(key, message.id);
    }
  }

  #trim(): void {
    this.#untrimmed = 0;
    const { maxHistory, historyDays } = this.#limits;
    this.#database.run("DELETE FROM messages WHERE id <= (SELECT id FROM messages ORDER BY id DESC LIMIT 1 OFFSET ?)", [
      maxHistory,
    ]);
    const oldest = Date.now() - historyDays * DAY;
    // Times rise with ids, so only the front of the table is looked at.
    this.#database.run(
      "DELETE FROM messages WHERE id < (SELECT id FROM messages WHERE time >= ? ORDER BY id LIMIT 1)",
      oldest,
    );
  }

  idOf(key: string): number | undefined {
    return this.#keys.get(key);
  }

  before(room: string, before: number, limit: number): Page {
    return page(this.#before, room, before, limit);
  }

  after(room: string, after: number, limit: number): Page {
    return page(this.#after, room, after, limit);
  }

  last(room: string): number {
    return Number(this.#last.get(nameKey(room))?.id ?? 0);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const statement of [this.#insert, this.#before, this.#after, this.#last]) {
      try {
        statement.finalize();
      } catch {
        // It says again what went wrong in its last run.
      }
    }
    this.#database.close();
    this.#release();
  }
}

function page(statement: sqlite.Statement, room: string, id: number, limit: number): Page {
  // One more than is wanted tells whether there are more.
  const rows = statement.all([nameKey(room), Math.min(id, Number.MAX_SAFE_INTEGER), limit + 1]);
  const more = rows.length > limit;
  if (more) rows.pop();
  return { messages: rows.reverse().map(messageOf), more };
}
