/** The Wire tab. What decodes packets is large, so it is fetched when somebody opens the tab, and not before. */
import type { Session } from "../session/session.ts";
import { h } from "./dom.ts";
import type { WireView } from "./wire/wire-view.ts";

export interface WireTab {
  readonly element: HTMLElement;
  /** The tab was opened or left. */
  show(visible: boolean): void;
  /** The session's `wire`, or its connection, changed. */
  changed(): void;
  packets(bytes: Uint8Array): void;
  /** Closes what Escape closes; false when there was nothing. */
  escape(): boolean;
}

/** Packets go on being collected while somebody writes in the other tab. */
export function createWireTab(session: Session): WireTab {
  const element = h("section", { class: "wire" });
  let view: WireView | undefined;
  let loading = false;

  async function load(): Promise<void> {
    loading = true;
    element.replaceChildren(h("p", { class: "wire-empty", role: "status" }, "Loading the decoder …"));
    try {
      const { createWireView } = await import("./wire/wire-view.ts");
      view = createWireView(session);
      element.replaceChildren(view.element);
      view.changed();
      session.watchWire(true);
    } catch {
      const again = h("button", { type: "button", class: "button" }, "Try again");
      again.addEventListener("click", () => void load());
      const words = h("p", {}, "The decoder could not be loaded from the server.");
      element.replaceChildren(h("div", { class: "wire-empty", role: "alert" }, words, again));
    }
    loading = false;
  }

  return {
    element,
    show(visible) {
      if (visible && view === undefined && !loading) void load();
    },
    changed: () => view?.changed(),
    packets: (bytes) => view?.feed(bytes),
    escape: () => !element.hidden && view?.escape() === true,
  };
}
