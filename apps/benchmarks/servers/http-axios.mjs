import { Agent } from "node:http";
import axios from "axios";
import { answerRuns } from "../src/asking.mjs";

await answerRuns((_, maxSockets) => {
  const client = axios.create({ httpAgent: new Agent({ keepAlive: true, maxSockets }), proxy: false });
  return {
    get: async (url) => (await client.get(url)).data.id,
    post: async (url) => (await client.post(url, { name: "Ada", age: 36 })).data.id,
    body: async (url) => (await client.get(url, { responseType: "arraybuffer" })).data.byteLength,
    stream: async (url) => {
      let size = 0;
      for await (const chunk of (await client.get(url, { responseType: "stream" })).data) size += chunk.length;
      return size;
    },
  };
});
