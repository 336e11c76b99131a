import { describe, expect, it, test } from "vitest";
import { ConnectTimeout, isRequestException, ProxyError, ReadTimeout, Timeout, TotalTimeout } from "./errors.ts";
import { HeaderMap } from "./headers.ts";
import { PreparedRequest } from "./prepared-request.ts";
import { type Phase, translate } from "./translate.ts";
import { parseUrl } from "./url.ts";

const request = new PreparedRequest("GET", parseUrl("http://u:hunter2@h/x"), new HeaderMap(), null);
const failure = (code: string, message = "why"): Error => Object.assign(new Error(message), { code });

describe("translate", () => {
  test.each<[string, Phase, string]>([
    ["UND_ERR_CONNECT_TIMEOUT", "connect", "ConnectTimeout"],
    ["UND_ERR_HEADERS_TIMEOUT", "headers", "ReadTimeout"],
    ["UND_ERR_BODY_TIMEOUT", "body", "ReadTimeout"],
    ["UND_ERR_HEADERS_OVERFLOW", "headers", "ResponseTooLarge"],
    ["UND_ERR_RES_EXCEEDED_MAX_SIZE", "body", "ResponseTooLarge"],
    ["UND_ERR_DESTROYED", "headers", "ClosedError"],
    ["UND_ERR_SOCKET", "headers", "ConnectionError"],
    ["UND_ERR_SOCKET", "body", "ChunkedEncodingError"],
    ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "body", "ChunkedEncodingError"],
    ["HPE_INVALID_CHUNK_SIZE", "body", "ChunkedEncodingError"],
    ["HPE_INVALID_CONSTANT", "headers", "ConnectionError"],
    ["ECONNREFUSED", "connect", "ConnectionError"],
    ["ENOTFOUND", "connect", "ConnectionError"],
    ["ECONNRESET", "headers", "ConnectionError"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "connect", "SSLError"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "connect", "SSLError"],
    ["CERT_HAS_EXPIRED", "connect", "SSLError"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "connect", "SSLError"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "connect", "SSLError"],
    ["Z_DATA_ERROR", "body", "ContentDecodingError"],
    ["ERR_BROTLI_DECODER_ERROR_FORMAT", "body", "ContentDecodingError"],
    ["UND_ERR_INVALID_ARG", "connect", "InvalidHeader"],
    ["UND_ERR_REQ_CONTENT_LENGTH_MISMATCH", "headers", "RequestException"],
  ])("%s in the %s is a %s", (code, phase, name) => {
    const cause = failure(code);
    expect(translate(cause, request, phase)).toMatchObject({
      name,
      cause,
      request,
      message: expect.stringContaining("GET http://h/x"),
    });
  });

  it("tells why TLS failed, not where in OpenSSL", () => {
    const cause = Object.assign(
      failure(
        "ERR_SSL_WRONG_VERSION_NUMBER",
        "80FC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../record.c:350:\n",
      ),
      { reason: "wrong version number" },
    );
    expect(translate(cause, request, "connect").message).toBe(
      "GET http://h/x: wrong version number; is it a server without TLS, to be asked by http:// (ERR_SSL_WRONG_VERSION_NUMBER)",
    );
  });
  it("tells what Happy Eyeballs tried", () => {
    const both = Object.assign(
      new AggregateError([
        failure("ECONNREFUSED", "connect ECONNREFUSED ::1:9"),
        failure("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:9"),
      ]),
      { code: "ECONNREFUSED" },
    );
    expect(translate(both, request, "connect").message).toBe(
      "GET http://h/x: connect ECONNREFUSED ::1:9; connect ECONNREFUSED 127.0.0.1:9",
    );
  });
  it("gives each call an error of its own", () => {
    const shared = new ProxyError("refused");
    const first = translate(shared, request, "connect");
    const second = translate(shared, request.clone(), "connect");
    expect(first).toBe(shared);
    expect([second === shared, second.name, second.message, second.cause]).toEqual([
      false,
      "ProxyError",
      "refused",
      shared,
    ]);
  });
  it("leaves a mistake of the caller alone", () => {
    const mistake = new TypeError("x is not a function");
    expect(translate(mistake, request, "headers")).toBe(mistake);
    expect(translate("text", request, "headers").message).toContain("text");
  });
});

test("ConnectTimeout is a Timeout and a ConnectionError; the others stay apart", () => {
  const error = new ConnectTimeout("x");
  expect([
    error instanceof Timeout,
    error instanceof ReadTimeout,
    error instanceof TotalTimeout,
    new ReadTimeout("x") instanceof Timeout,
  ]).toEqual([true, false, false, true]);
  expect(new Error("x") instanceof Timeout).toBe(false);
});
test("isRequestException knows errors of another copy", () => {
  expect(isRequestException(Object.assign(new Error("x"), { code: "ERR_HTTP_PROXY" }))).toBe(true);
  expect([
    isRequestException(failure("ECONNRESET")),
    isRequestException(null),
    isRequestException(new TotalTimeout("x")),
  ]).toEqual([false, false, true]);
});
