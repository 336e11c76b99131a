import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, it } from "vitest";
import { closeAll, listening, streamPair, track } from "../test/pairs.ts";
import { Socket } from "./socket.ts";

afterEach(closeAll);

it("channels tell of connect, accept, close and error, and nothing after unsubscribe", async () => {
  const heard: [string, Record<string, unknown>][] = [];
  const kinds = ["connect", "accept", "close", "error"].map((name) => `sockeye.socket.${name}`);
  const listen = (message: unknown, name: string | symbol): void => {
    heard.push([String(name), message as Record<string, unknown>]);
  };
  for (const kind of kinds) subscribe(kind, listen);
  const server = listening();
  const name = server.getsockname();
  const client = track(new Socket());
  const [{ socket, address }] = await Promise.all([server.accept(), client.connect(name)]);
  socket.close();
  server.close();
  const refused = track(new Socket());
  const error = await refused.connect(name).catch((error) => error);
  const names = heard.map(([kind]) => kind.replace("sockeye.socket.", ""));
  expect(names.slice().sort()).toEqual(["accept", "close", "close", "connect", "error"]);
  const told = Object.fromEntries(heard.map(([kind, message]) => [kind.replace("sockeye.socket.", ""), message]));
  expect(told.connect).toEqual({ socket: client, address: name });
  expect(told.accept).toEqual({ socket, listener: server, address });
  expect(told.close).toEqual({ socket: server });
  expect(told.error).toEqual({ error });
  for (const kind of kinds) unsubscribe(kind, listen);
  await streamPair();
  expect(heard).toHaveLength(5);
});
