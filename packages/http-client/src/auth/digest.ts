import { createHash, randomBytes } from "node:crypto";
import { hasControlCharacter } from "../control-characters.ts";
import { InvalidHeader, invalidArgument } from "../errors.ts";
import type { PreparedRequest } from "../prepared-request.ts";
import type { Response } from "../response.ts";
import type { Auth } from "./auth.ts";
import { parseChallenges } from "./challenge.ts";

// Strongest first; RFC 7616 leaves the choice among offers to the client.
const ALGORITHMS = ["SHA-512-256", "SHA-512", "SHA-256", "SHA", "MD5"] as const;
const HASHES: Record<string, string> = {
  "SHA-512-256": "sha512-256",
  "SHA-512": "sha512",
  "SHA-256": "sha256",
  SHA: "sha1",
  MD5: "md5",
};

/** A Digest challenge that can be answered. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly algorithm: string;
  readonly hash: string;
  readonly session: boolean;
  readonly qop: "auth" | "auth-int" | null;
  readonly opaque: string | undefined;
  readonly userhash: boolean;
  /** The challenge named its algorithm, so that the answer does too. */
  readonly named: boolean;
}

/** The strongest Digest challenge of a WWW-Authenticate header, or null when none can be answered. */
export function chooseChallenge(header: string): DigestChallenge | null {
  const offers: DigestChallenge[] = [];
  for (const { scheme, parameters } of parseChallenges(header)) {
    if (scheme !== "digest" || parameters.realm === undefined || parameters.nonce === undefined) continue;
    const algorithm = parameters.algorithm ?? "MD5";
    const base = algorithm.toUpperCase().replace(/-SESS$/, "");
    const hash = HASHES[base];
    const qops = parameters.qop?.split(",").map((q) => q.trim().toLowerCase());
    const qop =
      qops === undefined ? null : qops.includes("auth") ? "auth" : qops.includes("auth-int") ? "auth-int" : undefined;
    if (hash === undefined || qop === undefined) continue;
    offers.push({
      realm: parameters.realm,
      nonce: parameters.nonce,
      algorithm,
      hash,
      session: /-sess$/i.test(algorithm),
      qop,
      opaque: parameters.opaque,
      userhash: parameters.userhash?.toLowerCase() === "true",
      named: parameters.algorithm !== undefined,
    });
  }
  const rank = (offer: DigestChallenge): number =>
    ALGORITHMS.indexOf(offer.algorithm.toUpperCase().replace(/-SESS$/, "") as (typeof ALGORITHMS)[number]);
  return offers.sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** What one answer is computed from. */
export interface DigestInput {
  readonly username: string;
  readonly password: string;
  readonly method: string;
  /** The request target: path and query. */
  readonly uri: string;
  readonly count: number;
  readonly cnonce: string;
  /** Only for qop=auth-int. */
  readonly body?: Uint8Array | undefined;
}

/** The Authorization header that answers a challenge (RFC 7616, section 3.4). */
export function digestCredentials(challenge: DigestChallenge, input: DigestInput): string {
  const h = (text: string | Uint8Array): string => createHash(challenge.hash).update(text).digest("hex");
  const nc = input.count.toString(16).padStart(8, "0");
  let a1 = h(`${input.username}:${challenge.realm}:${input.password}`);
  if (challenge.session) a1 = h(`${a1}:${challenge.nonce}:${input.cnonce}`);
  const entity = challenge.qop === "auth-int" ? `:${h(input.body ?? "")}` : "";
  const a2 = h(`${input.method}:${input.uri}${entity}`);
  const response = challenge.qop
    ? h(`${a1}:${challenge.nonce}:${nc}:${input.cnonce}:${challenge.qop}:${a2}`)
    : h(`${a1}:${challenge.nonce}:${a2}`);
  const parts = [`${user(challenge, input, h)}, realm="${quote(challenge.realm)}", nonce="${quote(challenge.nonce)}"`];
  parts.push(`uri="${quote(input.uri)}", response="${response}"`);
  if (challenge.opaque !== undefined) parts.push(`opaque="${quote(challenge.opaque)}"`);
  if (challenge.named) parts.push(`algorithm=${challenge.algorithm}`);
  if (challenge.qop) parts.push(`qop=${challenge.qop}, nc=${nc}, cnonce="${input.cnonce}"`);
  else if (challenge.session) parts.push(`cnonce="${input.cnonce}"`);
  if (challenge.userhash) parts.push("userhash=true");
  return `Digest ${parts.join(", ")}`;
}

function user(challenge: DigestChallenge, input: DigestInput, h: (text: string) => string): string {
  if (challenge.userhash) return `username="${h(`${input.username}:${challenge.realm}`)}"`;
  if (/^[\x20-\x7e]*$/.test(input.username)) return `username="${quote(input.username)}"`;
  const encoded = encodeURIComponent(input.username).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `username*=UTF-8''${encoded}`;
}

function quote(text: string): string {
  if (hasControlCharacter(text)) throw new InvalidHeader("a Digest challenge holds a control character");
  return text.replace(/["\\]/g, "\\$&");
}

/** Origins whose nonce is remembered. */
const MAX_NONCES = 256;

interface Nonce {
  challenge: DigestChallenge;
  count: number;
}

/**
 * Digest authentication (RFC 7616): MD5, SHA, SHA-256, SHA-512, SHA-512-256 and their `-sess` forms, qop auth and
 * auth-int, userhash. It answers one challenge per call and origin, never with Basic, and sends the answer ahead
 * while the nonce lasts.
 */
export function digest(username: string, password: string): Auth {
  if (typeof username !== "string") throw invalidArgument("username", username, "a string");
  if (typeof password !== "string") throw invalidArgument("password", password, "a string");
  const nonces = new Map<string, Nonce>();

  async function answer(request: PreparedRequest, nonce: Nonce): Promise<void> {
    nonce.count++;
    const body = nonce.challenge.qop === "auth-int" ? await request.bodyBytes() : undefined;
    request.headers.set(
      "Authorization",
      digestCredentials(nonce.challenge, {
        username,
        password,
        method: request.method,
        uri: request.target.path,
        count: nonce.count,
        cnonce: randomBytes(16).toString("hex"),
        body,
      }),
    );
  }

  return {
    async onRequest(request) {
      const nonce = nonces.get(request.target.origin);
      if (nonce) await answer(request, nonce);
    },
    async onResponse(response: Response, request) {
      if (response.status !== 401) return undefined;
      const challenge = chooseChallenge(response.headers.get("www-authenticate") ?? "");
      if (!challenge) return undefined;
      if (nonces.size >= MAX_NONCES) nonces.clear();
      nonces.set(request.target.origin, { challenge, count: 0 });
      return request;
    },
  };
}
