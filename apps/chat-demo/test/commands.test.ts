import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { ChatProcess } from "./chat-process.ts";
import { FrameClient } from "./frame-client.ts";
import { endPrograms } from "./program.ts";

afterEach(endPrograms);

it("tells the room the weather, and who asked why there is none", async () => {
  const service = createServer((request, response) => {
    if (request.url === "/London") response.end("London: Rain, +9°C\n");
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  const { port } = service.address() as AddressInfo;
  const server = await ChatProcess.start("--weather", `http://127.0.0.1:${port}/{place}`);
  const ada = (await FrameClient.webSocket(server.webPort)).hello({ nick: "ada" });
  expect((await ada.next("welcome")).features.weather).toBe(true);
  const nc = server.nc();
  await nc.line(/^-- Welcome/);
  nc.type("/weather London");
  await nc.line("-- London: Rain, +9°C");
  expect(await ada.next("notice")).toEqual({ type: "notice", text: "London: Rain, +9°C" });
  nc.type("/weather Nowhere");
  await nc.line("!! The weather service knows no place called Nowhere");
  await ada.close();
  service.closeAllConnections();
  service.close();
});

it("knows no weather when it is told not to", async () => {
  const server = await ChatProcess.start("--weather", "off");
  const nc = server.nc();
  await nc.line(/^-- Welcome/);
  nc.type("/weather London");
  await nc.line("!! This server does not know the weather");
});
