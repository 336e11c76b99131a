import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a site has at a path: HTML, or whatever a function answers. */
export type Pages = Record<string, string | ((request: IncomingMessage, response: ServerResponse) => void)>;

/** A web site on loopback, and what was asked of it. */
export interface Site {
  readonly url: string;
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[];
  /** When each was asked for, in milliseconds. */
  readonly times: number[];
  /** The most requests that were under way at a time. */
  readonly mostAtOnce: () => number;
  /** The User-Agent headers that came. */
  readonly agents: Set<string | undefined>;
  close(): Promise<void>;
}

/** Starts a site; a path that it does not have is a 404. */
export async function startSite(pages: Pages | ((url: string) => Pages)): Promise<Site> {
  const asked: string[] = [];
  const times: number[] = [];
  const agents = new Set<string | undefined>();
  let now = 0;
  let most = 0;
  let all: Pages = {};
  const server = createServer((request, response) => {
    asked.push(request.url!);
    times.push(performance.now());
    agents.add(request.headers["user-agent"]);
    most = Math.max(most, ++now);
    response.on("close", () => now--);
    const page = all[request.url!];
    if (typeof page === "function") page(request, response);
    else if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "Content-Type": "text/html" }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  all = typeof pages === "function" ? pages(url) : pages;
  return {
    url,
    asked,
    times,
    agents,
    mostAtOnce: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An answer of this status, type and body. */
export function reply(status: number, headers: Record<string, string>, body: string | Buffer = ""): Pages[string] {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

/** Links to each of these. */
export function links(...urls: string[]): string {
  return urls.map((url) => `<a href="${url}">x</a>`).join("\n");
}
