import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A server that speaks bytes, for answers that no HTTP server would give. */
export interface RawServer {
  readonly port: number;
  readonly url: string;
  /** What each request looked like, up to the end of its head. */
  readonly heads: string[];
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** Calls `answer` for each request head on each connection; `count` numbers them over all connections. */
export async function startRawServer(
  answer: (socket: Socket, head: string, count: number) => void,
): Promise<RawServer> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        heads.push(head);
        answer(socket, head, heads.length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    heads,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
