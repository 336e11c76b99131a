import { expect, it, test } from "vitest";
import { checkNames } from "./option-names.ts";

const names = new Set(["params", "allowRedirects", "data", "json", "baseUrl", "timeout"]);

test.each([
  ["allow_redirects", "allowRedirects"],
  ["followRedirect", "allowRedirects"],
  ["baseURL", "baseUrl"],
  ["prefixUrl", "baseUrl"],
  ["searchParams", "params"],
  ["body", "data or json"],
])("%s is called %s here", (key, meant) => {
  const error = expect.objectContaining({
    name: "TypeError",
    code: "ERR_INVALID_ARG_VALUE",
    message: `there is no request option "${key}"; did you mean ${meant}?`,
  });
  expect(() => checkNames({ timeout: 1, [key]: 1 }, names, "request option")).toThrow(error);
});

it("names what there is for what nobody knows, or has elsewhere but not here", () => {
  expect(() => checkNames({ xyz: 1 }, new Set(["connect", "read"]), "timeout")).toThrow(
    'there is no timeout "xyz"; there are connect, read',
  );
  expect(() => checkNames({ body: 1 }, new Set(["connect", "read"]), "timeout")).toThrow("there are connect, read");
  expect(() => checkNames(JSON.parse('{"__proto__": 1}'), names, "request option")).toThrow('"__proto__"');
});

it("takes what is known", () => checkNames({ params: 1, json: undefined }, names, "request option"));
