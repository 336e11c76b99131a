import { Session } from "@sockeye/http-client";
import { answerRuns } from "../src/asking.mjs";

await answerRuns((_, maxConnections) => {
  const session = new Session({ maxConnections });
  return {
    get: async (url) => (await session.get(url).json()).id,
    post: async (url) => (await session.post(url, { json: { name: "Ada", age: 36 } }).json()).id,
    body: async (url) => (await session.get(url).bytes()).length,
    stream: async (url) => {
      const response = await session.stream("GET", url);
      let size = 0;
      for await (const chunk of response.iterBytes()) size += chunk.length;
      return size;
    },
  };
});
