import { describe, expectTypeOf, test } from "vitest";
import {
  type HTTPError,
  http,
  type PreparedRequest,
  type RequestOptions,
  type Response,
  Retry,
  Session,
  type SessionOptions,
  type StandardSchema,
} from "../src/index.ts";

declare const userSchema: StandardSchema<{ id: number; name: string }>;
declare const response: Response;

describe("json", () => {
  test("is unknown until someone says what it is", () => {
    expectTypeOf(response.json()).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(http.get("x").json()).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(response.json<{ a: 1 }>()).toEqualTypeOf<Promise<{ a: 1 }>>();
  });
  test("takes its type from the schema", () => {
    expectTypeOf(response.json(userSchema)).resolves.toEqualTypeOf<{ id: number; name: string }>();
    expectTypeOf(http.get("x").json(userSchema)).resolves.toEqualTypeOf<{ id: number; name: string }>();
    // @ts-expect-error: not a schema
    void response.json({ parse: () => 1 });
  });
});

describe("options", () => {
  test("accept what can be sent and nothing else", () => {
    expectTypeOf<{ params: { q: string; tag: string[]; n: null } }>().toExtend<RequestOptions>();
    expectTypeOf<{ timeout: [number, number] }>().toExtend<RequestOptions>();
    expectTypeOf<{ auth: [string, string] }>().toExtend<RequestOptions>();
    expectTypeOf<{ headers: Headers }>().toExtend<RequestOptions>();
    expectTypeOf<{ timeout: "5s" }>().not.toExtend<RequestOptions>();
    expectTypeOf<{ auth: string }>().not.toExtend<RequestOptions>();
    // @ts-expect-error: there is no such option
    void http.get("x", { parms: {} });
    // @ts-expect-error: of a session, not of a call
    void http.get("x", { baseUrl: "x" });
    expectTypeOf<{ allowAddresses: "private" }>().not.toExtend<SessionOptions>();
    expectTypeOf(new Retry({ total: 3 }).total).toEqualTypeOf<number | null>();
  });
});

describe("results", () => {
  test("have the types that they have", () => {
    expectTypeOf(http.get("x")).resolves.toEqualTypeOf<Response>();
    expectTypeOf(response.raiseForStatus()).toEqualTypeOf<Response>();
    expectTypeOf(response.headers.get("x")).toEqualTypeOf<string | null>();
    expectTypeOf(response.links.next?.url).toEqualTypeOf<string | undefined>();
    expectTypeOf(response.history).toEqualTypeOf<readonly Response[]>();
    expectTypeOf<HTTPError["response"]>().toEqualTypeOf<Response | undefined>();
    expectTypeOf<HTTPError["request"]>().toEqualTypeOf<PreparedRequest | undefined>();
    expectTypeOf(new Session()).toExtend<AsyncDisposable>();
  });
});
