import { defineLayer } from "../layer.ts";
import { findHeader, head, headEnd, headerList, startLine } from "./text-message.ts";

/** Head of a Session Initiation Protocol message (RFC 3261); the body is the payload. */
export const SIP = defineLayer({
  name: "SIP",
  fields: { head: head() },
  headerLength: (b, o, end) => headEnd(b, o, end) - o,
  derive: {
    /** Request method; `undefined` in a response. */
    method: (view) => (view.head.startsWith("SIP/") ? undefined : startLine(view.head).split(" ")[0]),
    /** Response status; `undefined` in a request. */
    status: (view) => (view.head.startsWith("SIP/") ? Number(startLine(view.head).split(" ")[1]) : undefined),
    callId: (view) => findHeader(view.head, "call-id") ?? findHeader(view.head, "i"),
    headers: (view) => headerList(view.head),
  },
  summary: (view) => startLine(view.head),
});
