/** Debian's Chromium, and the chat's page in it. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";

const executablePath = "/usr/bin/chromium";

/** Why there is no browser here, or undefined. */
export const noBrowser: string | undefined = existsSync(executablePath) ? undefined : `there is no ${executablePath}`;
if (noBrowser !== undefined) console.log(`The page is not tested: ${noBrowser}`);

const opened: Browser[] = [];

/** Ends what a test left behind. For `afterEach`. */
export async function closeBrowsers(): Promise<void> {
  await Promise.all(opened.splice(0).map((browser) => browser.close()));
}

/** The page of one person. What the browser complains about is kept, such as what its policy forbids. */
export class ChatPage {
  readonly page: Page;
  readonly complaints: string[] = [];
  readonly log: Locator;
  readonly field: Locator;

  private constructor(page: Page) {
    this.page = page;
    this.log = page.getByRole("log");
    this.field = page.getByRole("combobox");
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // That a server is away is the browser's own remark.
      if (message.type() === "error" && !message.text().includes("ERR_CONNECTION_REFUSED")) {
        this.complaints.push(message.text());
      }
    });
  }

  /** Opens the page, without joining. */
  static async open(webPort: number, options: BrowserContextOptions = {}): Promise<ChatPage> {
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    opened.push(browser);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const chat = new ChatPage(await context.newPage());
    // A certificate of one's own is for the test with TLS.
    const scheme = options.ignoreHTTPSErrors ? "https" : "http";
    await chat.page.goto(`${scheme}://127.0.0.1:${webPort}/`);
    return chat;
  }

  /** Opens the page and joins a room. */
  static async join(webPort: number, nick: string, room: string, options?: BrowserContextOptions): Promise<ChatPage> {
    const chat = await ChatPage.open(webPort, options);
    await chat.join(nick, room);
    return chat;
  }

  /** Another window of the same person. */
  async second(): Promise<ChatPage> {
    const chat = new ChatPage(await this.page.context().newPage());
    await chat.page.goto(new URL("/", this.page.url()).href);
    return chat;
  }

  async join(nick: string, room: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(nick);
    await this.page.getByLabel("Room").fill(room);
    await this.page.getByRole("button", { name: "Join" }).click();
    await this.state("Connected");
  }

  /** Waits until the page says how the connection is. */
  async state(word: string): Promise<void> {
    await this.page.locator(".status").getByText(word, { exact: true }).waitFor({ state: "attached" });
  }

  async say(line: string): Promise<void> {
    await this.field.fill(line);
    await this.field.press("Enter");
  }

  /** Waits for a message of somebody. */
  async heard(text: string | RegExp): Promise<void> {
    await this.log.locator(".entry:not(.pending) .text, .line").filter({ hasText: text }).first().waitFor();
  }

  /** The texts of the messages that stand there, without names and times. */
  messages(): Promise<string[]> {
    return this.log.locator(".entry:not(.pending) .text > bdi").allTextContents();
  }

  people(): Locator {
    return this.page.getByRole("region", { name: /^People/ }).getByRole("button");
  }
}
