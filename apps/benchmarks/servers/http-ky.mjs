// ky stands on the fetch of Node.js, which takes its connections from there.
import ky from "ky";
import { answerRuns } from "../src/asking.mjs";

await answerRuns(() => {
  const client = ky.create({ retry: 0 });
  return {
    get: async (url) => (await client.get(url).json()).id,
    post: async (url) => (await client.post(url, { json: { name: "Ada", age: 36 } }).json()).id,
    body: async (url) => (await client.get(url).arrayBuffer()).byteLength,
    stream: async (url) => {
      let size = 0;
      for await (const chunk of (await client.get(url)).body) size += chunk.length;
      return size;
    },
  };
});
