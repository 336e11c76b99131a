/** What one sees while there is no connection: when it is tried again, what waits for it, and a button that need not. */
import type { Session } from "../session/session.ts";
import { h } from "./dom.ts";

export interface ConnectionBar {
  readonly element: HTMLElement;
  update(): void;
}

export function createConnectionBar(session: Session, onRetry: () => void, onRejoin: () => void): ConnectionBar {
  const words = h("span");
  const button = h("button", { type: "button", class: "button" });
  const element = h("div", { class: "notice-bar", hidden: true }, words, button);
  let timer: ReturnType<typeof setInterval> | undefined;
  // After a goodbye the same session goes on, with what waits in it; who left begins anew.
  button.addEventListener("click", () => {
    const { link } = session;
    if (link.state === "over" && link.why === "left") onRejoin();
    else onRetry();
  });

  function update(): void {
    const { link } = session;
    const count = session.unacknowledged.length;
    element.hidden = link.state !== "waiting" && link.state !== "over";
    if (link.state !== "waiting") {
      clearInterval(timer);
      timer = undefined;
    }
    const kept =
      count === 0
        ? ""
        : count === 1
          ? " Your message is kept until then."
          : ` Your ${count} messages are kept until then.`;
    if (link.state === "waiting") {
      timer ??= setInterval(update, 500);
      const seconds = Math.max(0, Math.ceil((link.until - Date.now()) / 1_000));
      words.textContent = `${link.reason ?? "There is no connection"}; the next try is in ${seconds} s.${kept}`;
      button.textContent = "Try now";
      button.hidden = link.reason !== undefined;
    } else if (link.state === "over") {
      words.textContent = `${link.text}.${kept}`;
      button.textContent = "Join again";
      button.hidden = false;
    }
  }
  return { element, update };
}
