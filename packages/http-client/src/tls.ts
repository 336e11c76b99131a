import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { invalidArgument, RequestException } from "./errors.ts";

/**
 * Whom to trust: true for Node's authorities, a path of or the text of PEM certificates instead of them, `{ ca }`, or
 * false to check nothing (which prints a warning).
 */
export type VerifyOption = boolean | string | { readonly ca: string | Buffer | readonly (string | Buffer)[] };

/** A client certificate: one PEM path with both, `[cert, key]` paths, or the parts as PEM text, bytes or paths. */
export type CertOption =
  | string
  | readonly [cert: string, key: string]
  | {
      readonly cert?: string | Buffer;
      readonly key?: string | Buffer;
      readonly pfx?: string | Buffer;
      readonly passphrase?: string;
    };

/** TLS settings and the key under which connections made with them may be shared. */
export interface TlsSettings {
  readonly options: ConnectionOptions;
  readonly key: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
let warned = false;

/** TLS settings from `verify`, `cert` and, if it is trusted, REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE. */
export function resolveTls(
  verify: VerifyOption | undefined,
  cert: CertOption | undefined,
  env: Environment | null,
): TlsSettings {
  const options: ConnectionOptions = {};
  if (verify === false) {
    options.rejectUnauthorized = false;
    if (!warned) {
      warned = true;
      process.emitWarning(
        "verify: false turns off the check of TLS certificates; anyone in between can read and change the traffic",
        "SecurityWarning",
      );
    }
  } else {
    options.rejectUnauthorized = true;
    const bundle = verify === undefined || verify === true ? env?.REQUESTS_CA_BUNDLE || env?.CURL_CA_BUNDLE : undefined;
    if (bundle) options.ca = readPem(bundle, "REQUESTS_CA_BUNDLE");
    else if (typeof verify === "string") options.ca = readPem(verify, "verify");
    else if (typeof verify === "object" && verify !== null && Object.hasOwn(verify, "ca"))
      options.ca = verify.ca as string[];
    else if (verify !== undefined && verify !== true)
      throw invalidArgument("verify", verify, "a boolean, PEM text or path, or { ca }");
  }
  if (cert !== undefined) Object.assign(options, clientCertificate(cert));
  return { options, key: keyOf(options) };
}

function clientCertificate(option: CertOption): ConnectionOptions {
  if (typeof option === "string") {
    const both = readPem(option, "cert");
    return { cert: both, key: both };
  }
  if (Array.isArray(option)) {
    if (option.length !== 2) throw invalidArgument("cert", option, "[certificate, key]");
    return { cert: readPem(option[0], "cert"), key: readPem(option[1], "cert key") };
  }
  if (typeof option !== "object" || option === null)
    throw invalidArgument("cert", option, "a path, [cert, key] or { cert, key }");
  const { cert, key, pfx, passphrase } = option as Exclude<CertOption, string | readonly [string, string]>;
  return {
    ...(cert === undefined ? {} : { cert: readPem(cert, "cert") }),
    ...(key === undefined ? {} : { key: readPem(key, "cert key") }),
    ...(pfx === undefined ? {} : { pfx: typeof pfx === "string" ? read(pfx, "cert pfx") : pfx }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function readPem(value: string | Buffer, name: string): string | Buffer {
  if (typeof value !== "string" || value.includes("-----BEGIN ")) return value;
  return read(value, name);
}

function read(path: string, name: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new RequestException(`${name}: cannot read ${path}: ${(cause as Error).message}`, {
      code: "ERR_HTTP_TLS_FILE",
      cause,
    });
  }
}

/** Connections made with different trust must never be shared (CVE-2024-35195). */
function keyOf(options: ConnectionOptions): string {
  const hash = createHash("sha256");
  for (const [name, value] of Object.entries(options)) {
    hash.update(`\0${name}\0`);
    for (const part of Array.isArray(value) ? value : [value]) hash.update(Buffer.isBuffer(part) ? part : String(part));
  }
  return hash.digest("base64url");
}
