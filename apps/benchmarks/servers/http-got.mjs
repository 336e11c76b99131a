import { Agent } from "node:http";
import got from "got";
import { answerRuns } from "../src/asking.mjs";

await answerRuns((_, maxSockets) => {
  const client = got.extend({ agent: { http: new Agent({ keepAlive: true, maxSockets }) }, retry: { limit: 0 } });
  return {
    get: async (url) => (await client(url).json()).id,
    post: async (url) => (await client.post(url, { json: { name: "Ada", age: 36 } }).json()).id,
    body: async (url) => (await client(url).buffer()).length,
    stream: async (url) => {
      let size = 0;
      for await (const chunk of client.stream(url)) size += chunk.length;
      return size;
    },
  };
});
