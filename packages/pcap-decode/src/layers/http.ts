import { defineLayer } from "../layer.ts";
import { findHeader, head, headEnd, headerList, startLine } from "./text-message.ts";

// The registered methods that start requests in practice, and the answer; each with its delimiter.
const STARTS = [
  "GET ",
  "POST ",
  "HEAD ",
  "PUT ",
  "DELETE ",
  "OPTIONS ",
  "PATCH ",
  "CONNECT ",
  "TRACE ",
  "PROPFIND ",
  "PROPPATCH ",
  "MKCOL ",
  "COPY ",
  "MOVE ",
  "LOCK ",
  "UNLOCK ",
  "REPORT ",
  "SEARCH ",
  "NOTIFY ",
  "M-SEARCH ",
  "SUBSCRIBE ",
  "UNSUBSCRIBE ",
  "QUERY ",
  "BITS_POST ",
  "CCM_POST ",
  "RPC_CONNECT ",
  "RPC_IN_DATA ",
  "RPC_OUT_DATA ",
  "HTTP/1.",
].map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0)));

/** Whether `[at, end)` starts like an HTTP/1 request or response. */
export function looksLikeHTTP(b: Uint8Array, at: number, end: number): boolean {
  const first = b[at]!;
  // Most payloads are decided by their first byte: all starts are upper-case letters.
  if (first < 65 || first > 85) return false;
  return STARTS.some(
    (start) => start[0] === first && end - at >= start.length && start.every((byte, i) => b[at + i] === byte),
  );
}

/** Head of an HTTP/1 message (RFC 9112) as far as this packet has it; the body is the payload. */
export const HTTP = defineLayer({
  name: "HTTP",
  fields: { head: head() },
  headerLength: (b, o, end) => headEnd(b, o, end) - o,
  derive: {
    /** Request method; `undefined` in a response. */
    method: (view) => (view.head.startsWith("HTTP/") ? undefined : startLine(view.head).split(" ")[0]),
    /** Request target as sent. */
    uri: (view) => (view.head.startsWith("HTTP/") ? undefined : startLine(view.head).split(" ")[1]),
    /** `HTTP/1.0` or `HTTP/1.1`. */
    version: (view) => startLine(view.head).split(" ")[view.head.startsWith("HTTP/") ? 0 : 2],
    /** Response status; `undefined` in a request. */
    status: (view) => (view.head.startsWith("HTTP/") ? Number(startLine(view.head).split(" ")[1]) : undefined),
    /** Response reason. */
    reason: (view) => (view.head.startsWith("HTTP/") ? startLine(view.head).split(" ").slice(2).join(" ") : undefined),
    /** Value of the Host header. */
    host: (view) => findHeader(view.head, "host"),
    /** Header fields in order. */
    headers: (view) => headerList(view.head),
  },
  summary: (view) => startLine(view.head),
});
