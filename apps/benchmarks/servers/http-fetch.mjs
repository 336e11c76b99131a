import { Agent, fetch } from "undici";
import { answerRuns } from "../src/asking.mjs";

await answerRuns((_, connections) => {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  const headers = { "content-type": "application/json" };
  return {
    get: async (url) => (await (await fetch(url, { dispatcher })).json()).id,
    post: async (url) => {
      const body = JSON.stringify({ name: "Ada", age: 36 });
      return (await (await fetch(url, { dispatcher, method: "POST", headers, body })).json()).id;
    },
    body: async (url) => (await (await fetch(url, { dispatcher })).arrayBuffer()).byteLength,
    stream: async (url) => {
      const response = await fetch(url, { dispatcher });
      let size = 0;
      for await (const chunk of response.body) size += chunk.length;
      return size;
    },
  };
});
