/** `/weather PLACE`: asks a service that answers with one line of text. */
import { isRequestException, Session } from "@sockeye/http-client";
import { printable } from "../protocol/text.ts";

/** Where the weather comes from unless somebody says otherwise; `{place}` is what was asked for. */
export const DEFAULT_WEATHER_URL = "https://wttr.in/{place}?format=%l:+%C,+%t,+wind+%w";
const PLACEHOLDER = "{place}";
const TIMEOUT = { connect: 3_000, read: 3_000, total: 6_000 };
/** The service's answer, in bytes; more is an error. */
const MAX_ANSWER = 16 * 1024;
/** What is told of it, in characters. */
const MAX_TOLD = 200;
/** Questions at a time, of all people together. */
const MAX_CONCURRENT = 4;

/** Why there is no answer, in words for people. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

export class Weather {
  readonly #url: string;
  readonly #session: Session;
  #asking = 0;

  /** Throws a TypeError for a URL without a place. */
  constructor(url: string) {
    if (!/^https?:\/\//.test(url) || !url.includes(PLACEHOLDER)) {
      throw new TypeError(`expected an http or https URL with ${PLACEHOLDER}, got "${url}"`);
    }
    this.#url = url;
    this.#session = new Session({
      // The operator may run the service on a network of its own; nobody else says where it is.
      allowAddresses: url === DEFAULT_WEATHER_URL ? "public" : "any",
      trust: { proxy: false, netrc: false },
      cookies: false,
      timeout: TIMEOUT,
      maxResponseBytes: MAX_ANSWER,
      maxRedirects: 2,
      headers: { "User-Agent": "curl (sockeye chat)", Accept: "text/plain" },
    });
  }

  /** One line about the weather somewhere. Rejects with NoAnswerError. */
  async at(place: string): Promise<string> {
    if (this.#asking >= MAX_CONCURRENT) throw new NoAnswerError("Too many people ask for the weather; try again soon");
    this.#asking++;
    try {
      const response = await this.#session.get(this.#url.replace(PLACEHOLDER, encodeURIComponent(place)));
      if (response.status === 404) throw new NoAnswerError(`The weather service knows no place called ${place}`);
      if (!response.ok) throw new NoAnswerError(`The weather service answered with ${response.status}`);
      const [line = ""] = (await response.text()).trim().split("\n");
      if (line === "") throw new NoAnswerError("The weather service said nothing");
      return printable([...line].slice(0, MAX_TOLD).join(""));
    } catch (error) {
      if (!isRequestException(error)) throw error;
      throw new NoAnswerError("The weather service cannot be reached", { cause: error });
    } finally {
      this.#asking--;
    }
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
