/** Options that commands share, and how numbers are checked. */
import { InvalidArgumentError, Option } from "commander";
import { DEFAULT_HOST, DEFAULT_PORT } from "./place.ts";

/** Takes a whole number. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };

export const hostOption = (meaning: string): Option =>
  new Option("--host <host>", meaning).default(DEFAULT_HOST).env("SOCKEYE_CHAT_HOST");

export const portOption = (min: number): Option =>
  new Option("--port <port>", "its TCP port")
    .default(DEFAULT_PORT)
    .env("SOCKEYE_CHAT_PORT")
    .argParser(integer(min, 65535));
