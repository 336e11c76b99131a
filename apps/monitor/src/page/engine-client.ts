/** The page's side of the worker: questions with their answers, and what the worker tells by itself. */
import type { Detail } from "../engine/detail.ts";
import type { EngineAnswer, EngineRequest } from "../engine/messages.ts";
import type { Sort, TableName } from "../engine/table.ts";

type Answer<T extends EngineAnswer["type"]> = EngineAnswer & { readonly type: T };
/** A request without what the client adds. */
type Question<T extends EngineRequest["type"]> = Omit<EngineRequest & { readonly type: T }, "id" | "type">;

/** What the worker tells without being asked. */
export type News = Answer<"snapshot"> | Answer<"taken"> | Answer<"loaded"> | Answer<"failed">;

export class EngineClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: EngineAnswer) => void>();
  #id = 0;

  constructor(news: (message: News) => void) {
    this.#worker = new Worker("worker.js", { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<EngineAnswer>) => {
      if (!("id" in data)) return news(data);
      this.#waiting.get(data.id)?.(data);
      this.#waiting.delete(data.id);
    };
    this.#worker.onerror = (event) => news({ type: "failed", message: event.message || "The decoder did not start" });
  }

  open(file: Blob): void {
    this.#worker.postMessage({ type: "open", file } satisfies EngineRequest);
  }
  live(): void {
    this.#worker.postMessage({ type: "live" } satisfies EngineRequest);
  }
  /** Hands captured packets on; the memory goes with them. */
  take(bytes: ArrayBuffer): void {
    this.#worker.postMessage({ type: "chunk", bytes } satisfies EngineRequest, [bytes]);
  }
  setWindow(seconds: number | undefined): void {
    this.#worker.postMessage({ type: "window", seconds } satisfies EngineRequest);
  }
  filter(expression: string): Promise<Answer<"filter">> {
    return this.#ask("filter", { expression });
  }
  packets(from: number, count: number): Promise<Answer<"packets">> {
    return this.#ask("packets", { from, count });
  }
  table(table: TableName, from: number, count: number, sort: Sort): Promise<Answer<"table">> {
    return this.#ask("table", { table, from, count, sort });
  }
  async detail(number: number): Promise<Detail | undefined> {
    return (await this.#ask("detail", { number })).detail;
  }
  async ordinal(number: number): Promise<number | undefined> {
    return (await this.#ask("ordinal", { number })).ordinal;
  }
  async export(): Promise<Blob> {
    return (await this.#ask("export", {})).file;
  }

  #ask<T extends EngineRequest["type"] & EngineAnswer["type"]>(type: T, question: Question<T>): Promise<Answer<T>> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve as (answer: EngineAnswer) => void);
      this.#worker.postMessage({ type, id, ...question });
    });
  }
}
