/**
 * The weather of a place: two JSON answers, checked before they are used. It asks `http-fixture` on this machine; with
 * `--live` Open-Meteo's public service.
 *
 * Usage: weather [PLACE] [--live] [--from URL]
 */
import { parseArgs } from "node:util";
import { RequestException, Session, type StandardSchema } from "@sockeye/http-client";
import { printable } from "./terminal/printable.ts";

const { values, positionals } = parseArgs({
  options: { live: { type: "boolean", default: false }, from: { type: "string", default: "http://127.0.0.1:8080" } },
  allowPositionals: true,
});
const place = positionals.join(" ") || "London";
const geocoding = values.live ? "https://geocoding-api.open-meteo.com" : values.from;
const forecast = values.live ? "https://api.open-meteo.com" : values.from;

interface Place {
  name: string;
  country: string;
  latitude: number;
  longitude: number;
}

interface Weather {
  current: { time: string; temperature_2m: number; wind_speed_10m: number };
  current_units: { temperature_2m: string; wind_speed_10m: string };
}

/** By hand what Zod, Valibot or ArkType would do: each path of the answer has a value of the type named. */
function shape<T>(paths: Record<string, "string" | "number">): StandardSchema<T> {
  return {
    "~standard": {
      version: 1,
      vendor: "example",
      validate(value) {
        const issues = Object.entries(paths).flatMap(([path, type]) => {
          let found: unknown = value;
          for (const key of path.split(".")) found = (found as Record<string, unknown> | null | undefined)?.[key];
          return typeof found === type ? [] : [{ message: `expected a ${type}`, path: path.split(".") }];
        });
        return issues.length > 0 ? { issues } : { value: value as T };
      },
    },
  };
}

const placeSchema = shape<Place>({ name: "string", country: "string", latitude: "number", longitude: "number" });
const weatherSchema = shape<Weather>({
  "current.temperature_2m": "number",
  "current.wind_speed_10m": "number",
  "current_units.temperature_2m": "string",
  "current_units.wind_speed_10m": "string",
});
const found: StandardSchema<Place | undefined> = {
  "~standard": {
    version: 1,
    vendor: "example",
    validate(value) {
      const first = (value as { results?: unknown[] } | null)?.results?.[0];
      return first === undefined ? { value: undefined } : placeSchema["~standard"].validate(first);
    },
  },
};

const session = new Session({ throwHttpErrors: true, retry: 2, timeout: { total: 20_000 } });
try {
  const params = { name: place, count: 1 };
  const where = await session.get(`${geocoding}/v1/search`, { params }).json(found);
  if (where) {
    const { latitude, longitude } = where;
    const weather = await session
      .get(`${forecast}/v1/forecast`, { params: { latitude, longitude, current: "temperature_2m,wind_speed_10m" } })
      .json(weatherSchema);
    const { current, current_units: units } = weather;
    console.log(
      printable(
        `${where.name}, ${where.country}: ${current.temperature_2m} ${units.temperature_2m}, ` +
          `wind ${current.wind_speed_10m} ${units.wind_speed_10m}`,
      ),
    );
  } else {
    console.error(`There is no place called ${JSON.stringify(place)}.`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof RequestException)) throw error;
  console.error(printable(error.message));
  process.exitCode = 1;
} finally {
  await session.close();
}
