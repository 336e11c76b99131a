import type { Timestamp } from "../timestamp.ts";
import { endpointText } from "./endpoint.ts";
import { type HTTPRequest, type HTTPResponse, headerOf } from "./http-message.ts";
import type { TCPStream } from "./tcp-stream.ts";

/** A request and its response. One of them is missing where the capture lacks it. */
export class HTTPTransaction {
  readonly stream: TCPStream;
  request: HTTPRequest | undefined;
  response: HTTPResponse | undefined;
  /** Responses with a status below 200 that came before. */
  readonly interim: HTTPResponse[] = [];

  /** @internal */
  constructor(stream: TCPStream) {
    this.stream = stream;
  }

  /** The whole URL, from the Host header or else the server's address; `undefined` without a request. */
  get url(): string | undefined {
    const { request } = this;
    if (request === undefined) return undefined;
    const { target, method } = request;
    if (method === "CONNECT" || /^[a-z][a-z0-9+.-]*:\/\//i.test(target)) return target;
    const host = headerOf(request, "host") || endpointText(this.stream.server);
    return `http://${host}${target.startsWith("/") ? "" : "/"}${target}`;
  }

  /** Seconds from the first byte of the request to the last of the response; `undefined` unless both are there. */
  get duration(): number | undefined {
    return this.request && this.response && seconds(this.request.time, this.response.endTime);
  }

  /** Seconds from the last byte of the request to the first of the response; negative when that came early. */
  get waiting(): number | undefined {
    return this.request && this.response && seconds(this.request.endTime, this.response.time);
  }
}

function seconds(from: Timestamp, to: Timestamp): number {
  return to.seconds - from.seconds + (to.nanoseconds - from.nanoseconds) / 1e9;
}
