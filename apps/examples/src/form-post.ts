/**
 * Fills in a form as a browser would: posts the fields, keeps the cookie that comes back, follows the redirect, and
 * prints the page behind it.
 *
 * Usage: form-post [URL] [NAME=VALUE …]
 */
import { RequestException, Session } from "@sockeye/http-client";
import { printable } from "./terminal/printable.ts";

const [url = "http://127.0.0.1:8080/form", ...pairs] = process.argv.slice(2);

const fields = pairs.map((pair) => {
  const at = pair.indexOf("=");
  if (at < 1) throw new Error(`expected NAME=VALUE, got ${JSON.stringify(pair)}`);
  return [pair.slice(0, at), pair.slice(at + 1)] as const;
});

const session = new Session({ timeout: { total: 30_000 } });
try {
  const form =
    fields.length > 0
      ? fields
      : ([
          ["name", "Ada"],
          ["message", "Grüße & alles Gute"],
        ] as const);
  const response = await session.post(url, { form });
  for (const { status, url: from } of response.history) console.log(status, from);
  console.log(response.status, response.url);
  console.log(printable(await response.text()));
  if (!response.ok) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof RequestException)) throw error;
  console.error(printable(error.message));
  process.exitCode = 1;
} finally {
  await session.close();
}
