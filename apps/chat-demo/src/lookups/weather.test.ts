import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, test } from "vitest";
import { NoAnswerError, Weather } from "./weather.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function service(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/at/{place}?format=line`;
}

it("asks for a place by its name, whatever is in it, and gives one line without what drives terminals", async () => {
  const asked: string[] = [];
  const url = await service((request, response) => {
    asked.push(request.url!);
    response.end("São Paulo: \x1b[31mRain, +21°C\nmore lines\n");
  });
  const weather = new Weather(url);
  expect(await weather.at("São Paulo/../?x=1#y")).toBe("São Paulo: \\x1b[31mRain, +21°C");
  expect(asked).toEqual(["/at/S%C3%A3o%20Paulo%2F..%2F%3Fx%3D1%23y?format=line"]);
  await weather.close();
});

test.each([
  [404, "no", "The weather service knows no place called Nowhere"],
  [503, "busy", "The weather service answered with 503"],
  [200, "", "The weather service said nothing"],
  [200, "x".repeat(100_000), "The weather service cannot be reached"],
])("tells what is wrong with an answer of %i", async (status, body, message) => {
  const weather = new Weather(await service((_request, response) => response.writeHead(status).end(body)));
  await expect(weather.at("Nowhere")).rejects.toThrow(new NoAnswerError(message));
  await weather.close();
});

it("asks for four at a time, and says so to the fifth", async () => {
  const open: ServerResponse[] = [];
  let four = (): void => {};
  const reached = new Promise<void>((resolve) => {
    four = resolve;
  });
  const url = await service((_request, response) => {
    if (open.push(response) === 4) four();
  });
  const weather = new Weather(url);
  const asked = Array.from({ length: 4 }, (_, i) => weather.at(`${i}`));
  await reached;
  await expect(weather.at("5")).rejects.toThrow("Too many people");
  for (const response of open) response.end("fine");
  expect(await Promise.all(asked)).toEqual(["fine", "fine", "fine", "fine"]);
  await weather.close();
});

it("takes no URL without a place", () => {
  expect(() => new Weather("https://weather.example/")).toThrow(/expected an http or https URL with \{place\}, got/);
});
