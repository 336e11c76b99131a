import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { isOurHost, isOurOrigin } from "./origin.ts";
import { loadFiles } from "./static-files.ts";
import { startWeb, type WebServer } from "./web-server.ts";

let folder = "";
let web: WebServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chat-page-"));
  await mkdir(join(folder, "fonts"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Chat</title>");
  await writeFile(join(folder, "page-4F2QK7RA.js"), "export {};");
  await writeFile(join(folder, "fonts", "a.woff2"), "font");
  web = await startWeb({
    address: "127.0.0.1",
    port: 0,
    files: loadFiles(folder),
    routes: { "/broken": () => Promise.reject(new Error("a secret")) },
    names: ["chat.example"],
    maxConnections: 100,
    handshakeTimeout: 1_000,
    onUpgrade: (_request, socket) => socket.destroy(),
  });
});
afterAll(async () => {
  await web.close();
  await rm(folder, { recursive: true });
});

async function ask(path: string, headers: Record<string, string> = {}, method = "GET") {
  const asked = request({ host: "127.0.0.1", port: web.address.port, path, method, headers });
  asked.end();
  const [response] = await once(asked, "response");
  response.setEncoding("utf8");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

it("serves the page, and lets it load and reach nothing but its own", async () => {
  const { status, headers, body } = await ask("/");
  expect(status).toBe(200);
  expect(body).toContain("<title>Chat</title>");
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; .*connect-src 'self'/);
  expect(headers["content-security-policy"]).not.toContain("unsafe");
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["cache-control"]).toBe("no-cache");
  const again = await ask("/", { "If-None-Match": headers.etag! });
  expect(again).toMatchObject({ status: 304, body: "" });
});

it("lets browsers keep what is named by its content", async () => {
  const { headers } = await ask("/page-4F2QK7RA.js?v=1");
  expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
});

test.each(["/../package.json", "/..%2fpackage.json", "/fonts", "/fonts/../index.html", "/%00", "//index.html"])(
  "has nothing at %s",
  async (path) => {
    expect(await ask(path)).toMatchObject({ status: 404 });
  },
);

it("answers to its own names only, and to GET only, and keeps its troubles to itself", async () => {
  expect(await ask("/", { Host: "stranger.example" })).toMatchObject({ status: 421 });
  expect(await ask("/", { Host: "chat.example:80" })).toMatchObject({ status: 200 });
  expect(await ask("/", {}, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  expect(await ask("/", {}, "HEAD")).toMatchObject({ status: 200, body: "" });
  expect(await ask("/broken")).toMatchObject({ status: 500, body: "That did not work.\n" });
});

it("has no page where there is no folder", () => {
  expect(loadFiles(join(folder, "nowhere")).size).toBe(0);
});

test.each([
  ["127.0.0.1:12346", true],
  ["localhost", true],
  ["[::1]:12346", true],
  ["192.0.2.7:80", true],
  ["Chat.Example:1", true],
  ["stranger.example", false],
  ["127.0.0.1.stranger.example", false],
  ["127.0.0.1@stranger.example", false],
  ["", false],
  [undefined, false],
])("host %s is ours: %s", (host, ours) => {
  expect(isOurHost(host, ["chat.example"])).toBe(ours);
});

test.each([
  [undefined, true],
  ["http://127.0.0.1:12346", true],
  ["https://127.0.0.1:12346", true],
  ["http://127.0.0.1:8080", false],
  ["http://stranger.example", false],
  ["null", false],
  ["", false],
])("origin %s may speak to us: %s", (origin, may) => {
  expect(isOurOrigin(origin, "127.0.0.1:12346")).toBe(may);
});
