/** TLS handshakes on a socket of Node.js, both sides. */
import type { Socket as NodeSocket } from "node:net";
import { isIP } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import { SocketError, type WaitOptions, waitLimit } from "@sockeye/socket-core";
import { translateError } from "./bridges/duplex-transport.ts";
import { StreamError, TlsError } from "./errors.ts";
import type { ClientTlsOptions, ServerTlsOptions, TlsState } from "./tls-options.ts";

/** A peer that connects and then says nothing must not be waited for without end. Milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/** What the network says stays a SocketError; everything else that ends a TLS connection is a TlsError. */
export function translateTlsError(error: unknown): unknown {
  const translated = translateError(error);
  if (!(translated instanceof Error) || translated instanceof SocketError || translated instanceof StreamError) {
    return translated;
  }
  return new TlsError(translated.message, (translated as NodeJS.ErrnoException).code ?? "ERR_TLS", error);
}

type Settle = { resolve: (socket: TLSSocket) => void; reject: (error: unknown) => void };

/** Handshakes of servers, by the plain socket under them. */
const accepting = new WeakMap<NodeSocket, Settle>();

/** One for each set of options: making one parses the certificates and keeps what resumes sessions. */
const servers = new WeakMap<ServerTlsOptions, Server>();

/** The plain socket under one of TLS. Node.js has no public name for it. */
function underneath(socket: TLSSocket): NodeSocket {
  return (socket as unknown as { _parent: NodeSocket })._parent;
}

/** A server of `node:tls` that never listens: it is given its connections. */
function serverFor(options: ServerTlsOptions): Server {
  const known = servers.get(options);
  if (known !== undefined) return known;
  const { requestCert = false, rejectUnauthorized = true, ALPNProtocols } = options;
  // Left to Node.js, a refused certificate would look like a connection that was lost: it is looked at here.
  const server = createServer({
    ...options,
    ...(ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] }),
    rejectUnauthorized: false,
    handshakeTimeout: 2 ** 31 - 1,
  } as object);
  server.on("secureConnection", (socket) => {
    const settle = accepting.get(underneath(socket));
    socket.on("error", () => {});
    if (requestCert && rejectUnauthorized && !socket.authorized) {
      const reason = String(socket.authorizationError ?? "there is none");
      settle?.reject(new TlsError(`The client's certificate was refused: ${reason}`, reason));
    } else {
      settle?.resolve(socket);
    }
  });
  server.on("tlsClientError", (error, socket) => accepting.get(underneath(socket))?.reject(error));
  servers.set(options, server);
  return server;
}

/** Takes keys and certificates apart before the first connection. Throws TlsError for those that are none. */
export function prepareServer(options: ServerTlsOptions): void {
  try {
    serverFor(options);
  } catch (error) {
    throw translateTlsError(error);
  }
}

function begin(plain: NodeSocket, role: TlsRole, settle: Settle): void {
  if (role.isServer) {
    accepting.set(plain, settle);
    serverFor(role.options).emit("connection", plain);
    return;
  }
  const { host, options } = role;
  const { servername = isIP(host) === 0 ? host : undefined, ALPNProtocols } = options;
  const socket = connect({
    ...options,
    ...(ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] }),
    ...(servername && { servername }),
    host,
    socket: plain,
  } as object);
  socket.once("secureConnect", () => settle.resolve(socket));
  // It stays: an error that nobody listens to would end the process, also one just after the handshake.
  socket.on("error", settle.reject);
}

/** Which side of TLS to be, and how. */
export type TlsRole =
  | { readonly isServer: true; readonly options: ServerTlsOptions }
  | { readonly isServer: false; readonly host: string; readonly options: ClientTlsOptions };

/**
 * Shakes hands over a connected plain socket, which is destroyed when that fails.
 * Rejects with TlsError, SocketError, TimeoutError or AbortError.
 */
export async function handshake(plain: NodeSocket, role: TlsRole, options: WaitOptions): Promise<TLSSocket> {
  const { signal, timeout = HANDSHAKE_TIMEOUT } = options;
  // What happens to it is told by the socket above it.
  plain.on("error", () => {});
  let release: (() => void) | undefined;
  try {
    const secure = await new Promise<TLSSocket>((resolve, reject) => {
      release = waitLimit("startTls", { signal, timeout })(reject);
      plain.once("close", () =>
        reject(new TlsError("The connection was closed during the handshake", "ERR_TLS_CLOSED")),
      );
      begin(plain, role, { resolve, reject });
    });
    // Only now: a peer that ends in the middle of the handshake has given up.
    plain.allowHalfOpen = true;
    secure.allowHalfOpen = true;
    return secure;
  } catch (error) {
    plain.destroy();
    throw translateTlsError(error);
  } finally {
    release?.();
    accepting.delete(plain);
  }
}

/** What was agreed on. */
export function stateOf(socket: TLSSocket): TlsState {
  return {
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().standardName,
    alpnProtocol: socket.alpnProtocol || null,
    servername: (socket as { servername?: string | false }).servername || null,
    authorized: socket.authorized,
    peerCertificate: socket.getPeerX509Certificate(),
  };
}
