import { Agent, request } from "undici";
import { answerRuns } from "../src/asking.mjs";

await answerRuns((_, connections) => {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  const headers = { "content-type": "application/json" };
  return {
    get: async (url) => (await (await request(url, { dispatcher })).body.json()).id,
    post: async (url) => {
      const body = JSON.stringify({ name: "Ada", age: 36 });
      return (await (await request(url, { dispatcher, method: "POST", headers, body })).body.json()).id;
    },
    body: async (url) => (await (await request(url, { dispatcher })).body.arrayBuffer()).byteLength,
    stream: async (url) => {
      const { body } = await request(url, { dispatcher });
      let size = 0;
      for await (const chunk of body) size += chunk.length;
      return size;
    },
  };
});
