import type { Adapter, AdapterResponse } from "./adapter.ts";
import type { Auth } from "./auth/auth.ts";
import { basic } from "./auth/basic.ts";
import type { CallPlan } from "./call-plan.ts";
import type { CallScope } from "./call-scope.ts";
import type { CookieJar } from "./cookies.ts";
import { requestChannel, responseChannel } from "./diagnostics.ts";
import { InvalidSchema, TooManyRedirects, UnrewindableBodyError } from "./errors.ts";
import { HttpAdapter, sendInScope } from "./http-adapter.ts";
import { PreparedRequest } from "./prepared-request.ts";
import { redactUrl } from "./redact.ts";
import { isRedirectStatus, planRedirect } from "./redirect.ts";
import { Response } from "./response.ts";
import type { ParsedUrl } from "./url.ts";

/** What a call needs of its session. */
export interface CallContext {
  adapterFor(url: ParsedUrl): Adapter;
  netrcAuth(hostname: string): Auth | null;
}

/** One call: its request, and what carries over from hop to hop. */
export class Call {
  readonly #context: CallContext;
  readonly #plan: CallPlan;
  readonly #scope: CallScope | null;
  readonly #jar: CookieJar;
  readonly #ownCookies: CookieJar | null;
  readonly #history: Response[] = [];
  #request: PreparedRequest;
  #auth: Auth | null;
  #answered = false;
  #redirects = 0;
  #ownCookieHeader: boolean;

  constructor(
    context: CallContext,
    request: PreparedRequest,
    plan: CallPlan,
    scope: CallScope | null,
    jar: CookieJar,
    ownCookies: CookieJar | null,
  ) {
    this.#context = context;
    this.#request = request;
    this.#plan = plan;
    this.#scope = scope;
    this.#jar = jar;
    this.#ownCookies = ownCookies;
    const shared = request.hasSharedHeaders;
    this.#ownCookieHeader = !shared && request.peekHeaders().has("cookie");
    this.#auth = request.peekHeaders().has("authorization") ? null : this.#firstAuth(request.target);
  }

  /** The request of the current hop, for the error. */
  get request(): PreparedRequest {
    return this.#request;
  }

  #firstAuth(target: ParsedUrl): Auth | null {
    if (this.#plan.auth !== undefined) return this.#plan.auth;
    return this.#authOfUrl(target);
  }

  #authOfUrl(target: ParsedUrl): Auth | null {
    if (target.credentials) return basic(target.credentials.username, target.credentials.password);
    return this.#context.netrcAuth(target.hostname);
  }

  /** Sends, answers challenges and follows redirects until there is an answer to give. */
  async run(): Promise<Response> {
    const plan = this.#plan;
    for (;;) {
      const response = await this.#exchange();
      if (this.#auth?.onResponse && !this.#answered && response.status >= 400) {
        const again = await this.#auth.onResponse(response, this.#request.clone());
        if (again) {
          this.#answered = true;
          this.#checkBody(again, response);
          await response.close();
          this.#history.push(response);
          this.#request = again;
          continue;
        }
      }
      const follows = plan.allowRedirects ?? this.#request.method !== "HEAD";
      if (follows && isRedirectStatus(response.status)) {
        const location = response.headers.get("location");
        if (location !== null && location !== "") {
          await this.#redirect(response, response.headers.getAll("location")[0]!);
          continue;
        }
      }
      if (plan.throwHttpErrors && response.status >= 400) {
        if (plan.send.stream) await keepErrorBody(response);
        response.raiseForStatus();
      }
      return response;
    }
  }

  async #exchange(): Promise<Response> {
    const plan = this.#plan;
    if (this.#auth?.onRequest) await this.#auth.onRequest(this.#request);
    this.#applyCookies();
    for (const hook of plan.hooks.request) await hook(this.#request);
    const request = this.#request;
    if (requestChannel.hasSubscribers) requestChannel.publish({ request });
    const answer = await this.#send(this.#context.adapterFor(request.target), request);
    const onClose = plan.send.stream && this.#scope ? () => this.#scope?.finish() : null;
    let response = new Response(answer, request, this.#history.slice(), plan.send.maxResponseBytes, onClose);
    if (responseChannel.hasSubscribers) responseChannel.publish({ request, response });
    if (sets(answer, "set-cookie")) this.#jar.store(request.target, answer.headers.getSetCookie());
    for (const hook of plan.hooks.response) response = (await hook(response)) ?? response;
    return response;
  }

  #send(adapter: Adapter, request: PreparedRequest): Promise<AdapterResponse> {
    if (adapter instanceof HttpAdapter) return sendInScope(adapter, request, this.#plan.send, this.#scope);
    const scope = this.#scope;
    if (!scope) return adapter.send(request, this.#plan.send);
    return new Promise((resolve, reject) => {
      scope.onInterrupt(reject);
      adapter.send(request, this.#plan.send).then(resolve, reject);
    });
  }

  #applyCookies(): void {
    if (this.#ownCookieHeader) return;
    if (this.#jar.isEmpty && !this.#ownCookies) return;
    const { target, headers } = this.#request;
    const header = joinCookies(this.#jar.header(target), this.#ownCookies?.header(target) ?? null);
    if (header === null) headers.delete("cookie");
    else headers.set("Cookie", header);
  }

  async #redirect(response: Response, location: string): Promise<void> {
    const plan = this.#plan;
    const request = this.#request;
    if (this.#redirects >= plan.maxRedirects) {
      await response.close();
      throw new TooManyRedirects(
        `${request.method} ${redactUrl(request.url)}: more than ${plan.maxRedirects} redirects`,
        { request, response },
      );
    }
    const next = planRedirect({
      status: response.status,
      location,
      method: request.method,
      url: request.target,
      headers: request.headers,
      sensitiveHeaders: plan.sensitiveHeaders,
    });
    if (!plan.allowDowngrade && request.target.protocol === "https:" && next.url.protocol === "http:") {
      throw new InvalidSchema(`redirect from https to ${redactUrl(next.url.href)}, and allowDowngrade is false`, {
        request,
        response,
      });
    }
    const following = new PreparedRequest(next.method, next.url, next.headers, next.keepBody ? request.body : null);
    this.#checkBody(following, response);
    await response.close();
    // Another origin gets only what is its own: credentials in the Location, or its entry in netrc.
    if (next.url.credentials || next.stripped) this.#auth = this.#authOfUrl(next.url);
    this.#answered = false;
    this.#ownCookieHeader = false;
    this.#redirects++;
    this.#history.push(response);
    this.#request = following;
    for (const hook of plan.hooks.redirect) await hook(following, response);
    this.#scope?.check();
  }

  #checkBody(next: PreparedRequest, response: Response): void {
    if (next.body && !next.body.isSendable) {
      throw new UnrewindableBodyError("the answer asks for the body again, and it was a stream that is gone", {
        request: this.#request,
        response,
      });
    }
  }
}

/** The two headers that every answer is asked for have a way that makes no map. */
function sets(answer: AdapterResponse, name: "set-cookie"): boolean {
  return "peek" in answer ? (answer as { peek(name: string): boolean }).peek(name) : answer.headers.has(name);
}

function joinCookies(stored: string | null, own: string | null): string | null {
  if (stored === null || own === null) return own ?? stored;
  const names = new Set(own.split("; ").map((pair) => pair.slice(0, pair.indexOf("="))));
  const kept = stored.split("; ").filter((pair) => !names.has(pair.slice(0, pair.indexOf("="))));
  return [...kept, own].join("; ");
}

/** An error that is thrown cannot be disposed of, so its body is read or given up before. */
async function keepErrorBody(response: Response): Promise<void> {
  try {
    await response.bytes();
  } catch {
    await response.close();
  }
}
