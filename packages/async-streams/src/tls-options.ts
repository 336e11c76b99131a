/** What TLS takes and tells: the options are those of `node:tls`, under its names. */
import type { X509Certificate } from "node:crypto";
import type { ConnectionOptions, SecureContextOptions, TlsOptions } from "node:tls";
import type { WaitOptions } from "@sockeye/socket-core";
import { checkOptions, typeError } from "./check.ts";

/** TLS as a client: whom to trust (`ca`), what to show (`cert`, `key`), and as `node:tls` has them: */
export interface ClientTlsOptions extends SecureContextOptions {
  /** The name for SNI, and what the server's certificate must be for. Default: the host that was connected to. */
  servername?: string | undefined;
  /** Protocols that may be spoken inside, in order of preference (ALPN). */
  ALPNProtocols?: readonly string[] | undefined;
  /** Whether the server must have a certificate that we trust. Default true. */
  rejectUnauthorized?: boolean | undefined;
  /** Whether a certificate is that of the host; an Error says why not. */
  checkServerIdentity?: ConnectionOptions["checkServerIdentity"] | undefined;
  /** Made by `tls.createSecureContext`, instead of making one for each connection. */
  secureContext?: ConnectionOptions["secureContext"] | undefined;
}

/** TLS as a server: `cert` and `key`, whom to trust (`ca`), and as `node:tls` has them: */
export interface ServerTlsOptions extends SecureContextOptions {
  /** Whether clients are asked for a certificate. Default false. */
  requestCert?: boolean | undefined;
  /** With `requestCert`: whether they must have one that we trust. Default true. */
  rejectUnauthorized?: boolean | undefined;
  /** Protocols that may be spoken inside, in order of preference (ALPN). */
  ALPNProtocols?: readonly string[] | undefined;
  /** Chooses the certificate for a name. */
  SNICallback?: TlsOptions["SNICallback"] | undefined;
}

/** What `startTls` takes besides; the timeout is that of the handshake, by default 10,000 ms. */
export type StartTlsOptions = (ClientTlsOptions | ServerTlsOptions) & WaitOptions;

/** What was agreed on with the peer. */
export interface TlsState {
  /** For example `"TLSv1.3"`. */
  readonly protocol: string;
  /** The cipher suite by its standard name. */
  readonly cipher: string;
  /** The protocol to speak inside (ALPN), or `null` when none was agreed on. */
  readonly alpnProtocol: string | null;
  /** The name that the client asked for (SNI), or `null`. */
  readonly servername: string | null;
  /** Whether the peer has a certificate that we trust; without `rejectUnauthorized` look at this. */
  readonly authorized: boolean;
  /** The peer's certificate, if it showed one. */
  readonly peerCertificate: X509Certificate | undefined;
}

/** Checks what can be checked before anything is sent; the rest is OpenSSL's. */
export function checkTlsOptions(name: string, options: unknown, isServer: boolean): void {
  checkOptions(name, options);
  const { ALPNProtocols, servername, SNICallback, cert, pfx } = options as ClientTlsOptions & ServerTlsOptions;
  if (isServer && !cert && !pfx && !SNICallback) {
    throw typeError(`${name}.cert`, "a certificate, unless there is pfx or SNICallback", cert);
  }
  if (ALPNProtocols !== undefined && !Array.isArray(ALPNProtocols)) {
    throw typeError(`${name}.ALPNProtocols`, "a list of names", ALPNProtocols);
  }
  if (servername !== undefined && typeof servername !== "string") {
    throw typeError(`${name}.servername`, "a string", servername);
  }
}
