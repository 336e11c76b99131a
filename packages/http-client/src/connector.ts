import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { buildConnector } from "undici";
import { checkLiteral, guardedLookup } from "./addresses.ts";
import { ClosedError, ConnectTimeout, InvalidProxyURL, ProxyError, RequestException } from "./errors.ts";
import type { ProxyTarget } from "./proxies.ts";
import { openSocks } from "./socks.ts";
import { openTunnel } from "./tunnel.ts";

/** How connections of one pool are made. */
export interface ConnectorSettings {
  /** Milliseconds for everything from DNS to the end of the TLS handshake; 0 is no limit. */
  readonly timeout: number;
  readonly tls: ConnectionOptions;
  /** TLS towards an https proxy; it shares nothing with the TLS towards the target. */
  readonly proxyTls: ConnectionOptions;
  /** A proxy to tunnel through. */
  readonly proxy: ProxyTarget | null;
  /** The targets are proxies that forward. */
  readonly isForwarding: boolean;
  readonly http2: boolean;
  readonly guard: ((address: string, family: 4 | 6) => boolean) | null;
  readonly socketPath?: string | undefined;
  /** Functions that end the connections being made; kept by the owner for its `close()`. */
  readonly pending: Set<() => void>;
  readonly connections: { made: number };
}

type Connector = buildConnector.connector;
type Callback = (error: Error | null, socket: Socket | null) => void;

/**
 * A connector for undici: TCP, TLS, a tunnel through an HTTP proxy, or SOCKS, under one deadline. undici's own proxy
 * agents are not used: they retry a refused tunnel for ever, ignore a user without a password, and bound the
 * handshake by timers of their own.
 */
export function createConnector(settings: ConnectorSettings): Connector {
  const { proxy, guard } = settings;
  if (guard && proxy && proxy.protocol !== "socks5:" && proxy.protocol !== "socks4:") {
    throw new InvalidProxyURL(
      `allowAddresses cannot be enforced behind proxy ${proxy.href}, which resolves names itself`,
    );
  }
  // undici hands these on to node:net, which would take a signal or a path from a polluted Object.prototype.
  const fixed = { timeout: 0, signal: undefined };
  const toTarget = buildConnector({
    ...settings.tls,
    ...fixed,
    allowH2: settings.http2,
    socketPath: settings.socketPath ?? null,
    ...(guard && !proxy ? { lookup: guardedLookup(guard) as never } : {}),
  });
  const toProxy = buildConnector({ ...settings.proxyTls, ...fixed, socketPath: null });

  return (options, callback) => {
    let current: Socket | undefined;
    let settled = false;
    const settle: Callback = (error, socket) => {
      if (settled) {
        socket?.on("error", () => {}).destroy();
        return;
      }
      settled = true;
      clearTimeout(timer);
      settings.pending.delete(cancel);
      if (error) {
        callback(error, null);
      } else {
        settings.connections.made++;
        callback(null, socket!);
      }
    };
    const give = (error: Error): void => {
      settle(error, null);
      current?.on("error", () => {}).destroy();
    };
    const cancel = (): void => give(new ClosedError("the session was closed"));
    const { timeout } = settings;
    const late = (): void => give(new ConnectTimeout(`no connection to ${options.hostname} within ${timeout} ms`));
    const timer = timeout > 0 ? setTimeout(late, timeout) : undefined;
    settings.pending.add(cancel);
    const open = (connector: Connector, target: buildConnector.Options, done: Callback): void => {
      current = (connector(target, done as buildConnector.Callback) as unknown as Socket | undefined) ?? current;
    };

    try {
      if (!proxy) {
        if (guard) checkLiteral(options.hostname, guard);
        const origin = `${options.protocol}//${options.host}`;
        open(toTarget, options, (error, socket) =>
          settle(error && settings.isForwarding ? unreachable(origin, error) : error, socket),
        );
        return;
      }
      if (guard) checkLiteral(options.hostname, guard);
    } catch (error) {
      settle(error as Error, null);
      return;
    }

    const { hostname } = options;
    const port = Number(options.port) || (options.protocol === "https:" ? 443 : 80);
    const at = {
      hostname: proxy.hostname,
      host: proxy.hostname,
      port: String(proxy.port),
      protocol: proxy.protocol === "https:" ? "https:" : "http:",
    };
    open(toProxy, at, (error, socket) => {
      if (error || !socket) {
        return settle(unreachable(proxy.href, error), null);
      }
      current = socket;
      const opened = proxy.protocol.startsWith("socks")
        ? openSocks(socket, proxy, hostname, port, guard)
        : openTunnel(socket, proxy, hostname, port);
      opened.then(
        () => {
          if (options.protocol !== "https:") settle(null, socket);
          else open(toTarget, { ...options, httpSocket: socket as never }, settle);
        },
        (cause: unknown) => {
          give(
            cause instanceof RequestException
              ? cause
              : new ProxyError(`proxy ${proxy.href}: ${(cause as Error).message}`, { cause }),
          );
        },
      );
    });
  };
}

function unreachable(proxy: string, error: Error | null): ProxyError {
  const why = error?.message || (error as { code?: string } | null)?.code;
  return new ProxyError(`cannot reach proxy ${proxy}: ${why}`, { cause: error });
}
