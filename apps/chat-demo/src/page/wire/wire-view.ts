/** The packets of this very chat, as they pass: one line each, opened into fields and bytes, filtered, saved. */
import { encodeCapture, type Filter, LinkType, type Packet } from "@sockeye/pcap-decode";
import type { Session } from "../../session/session.ts";
import { h, icon } from "../dom.ts";
import { type CaptureFeed, startFeed } from "./capture-feed.ts";
import { openDetail } from "./detail.ts";
import { createFilterBox } from "./filter-box.ts";
import { type Kept, packetRow } from "./packet-row.ts";
import { Ring } from "./ring.ts";

/** So many packets are kept, and bytes of them; the oldest go first. */
const MAX_PACKETS = 2_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Pixels from the end that still count as following the newest. */
const NEAR_END = 32;

export interface WireView {
  readonly element: HTMLElement;
  feed(bytes: Uint8Array): void;
  changed(): void;
  escape(): boolean;
}

const columns = [
  ["number", "No."],
  ["time", "Time"],
  ["src", "From"],
  ["dst", "To"],
  ["protocol", "Protocol"],
  ["length", "Length"],
  ["info", "Info"],
] as const;

export function createWireView(session: Session): WireView {
  const ring = new Ring<Kept>(MAX_PACKETS, MAX_BYTES, ({ packet }) => packet.capturedLength);
  let feed: CaptureFeed | undefined;
  let seen = 0;
  let linkType: number = LinkType.ETHERNET;
  let paused = false;
  let problem: string | undefined;
  let opened: Kept | undefined;
  let arrived: Kept[] = [];
  let drawing = false;

  const filterBox = createFilterBox(
    () => linkType,
    () => redraw(),
  );
  const tally = h("span", { class: "tally" });
  const pauseButton = h("button", { type: "button", class: "button" });
  const clearButton = h("button", { type: "button", class: "button" }, "Clear");
  const saveButton = h(
    "button",
    { type: "button", class: "button" },
    icon("M10 3v9M6 8.5 10 12.5l4-4M3.5 16.5h13"),
    "Save as pcapng",
  );
  const body = h("tbody");
  const table = h(
    "table",
    { class: "packets", "aria-label": "Packets" },
    h("colgroup", {}, ...columns.map(([name]) => h("col", { class: `c-${name}` }))),
    h("thead", {}, h("tr", {}, ...columns.map(([name, label]) => h("th", { scope: "col", class: name }, label)))),
    body,
  );
  const list = h(
    "div",
    {
      class: "wire-list",
      tabindex: "0",
      role: "region",
      "aria-label": "Packets; arrow keys choose one, Enter opens it",
    },
    table,
  );
  const empty = h("div", { class: "wire-empty", role: "status" });
  const detail = h("section", { class: "detail", "aria-label": "The packet in detail", hidden: true });
  const bodyArea = h("div", { class: "wire-body" }, h("div", { class: "wire-upper" }, list, empty), detail);
  const element = h(
    "div",
    { class: "wire-view" },
    h("div", { class: "wire-tools" }, filterBox.element, pauseButton, clearButton, saveButton, tally),
    bodyArea,
  );

  const accepts = ({ packet }: Kept, filter: Filter | undefined): boolean =>
    filter === undefined || filter.match(packet.buffer, packet.offset, packet.capturedLength, packet.originalLength);

  function showTally(): void {
    const shown = body.childElementCount;
    const kept = ring.size;
    const lost = session.wire.dropped ?? 0;
    tally.textContent = [
      shown === kept ? `${kept} packets` : `${shown} of ${kept} packets`,
      seen > kept && `the last of ${seen}`,
      lost > 0 && `${lost} left out by the server`,
      paused && "paused",
    ]
      .filter(Boolean)
      .join(" · ");
    saveButton.disabled = kept === 0;
    const { state, reason } = session.wire;
    empty.hidden = shown > 0;
    list.hidden = shown === 0;
    if (state === "refused") {
      empty.replaceChildren(h("strong", {}, "The server shows no packets"), reason ?? "It does not say why.");
    } else if (problem !== undefined) {
      empty.replaceChildren(h("strong", {}, "The packets cannot be read"), problem);
    } else if (kept > 0) {
      empty.replaceChildren(h("strong", {}, "No packet passes the filter"), `${kept} are kept.`);
    } else {
      empty.replaceChildren(
        h("strong", {}, paused ? "Paused" : state === "on" ? "Waiting for packets" : "Not capturing yet"),
        paused
          ? "Nothing is collected."
          : state === "on"
            ? "Say something in the chat: the packets that carry it appear here, decoded in this page."
            : (reason ?? "The server is asked for the packets of the chat."),
      );
    }
  }

  function redraw(): void {
    arrived = [];
    body.replaceChildren(...[...ring].filter((kept) => accepts(kept, filterBox.filter)).map(packetRow));
    markOpened();
    showTally();
    list.scrollTop = list.scrollHeight;
  }

  /** Many packets may come between two pictures of the screen. */
  function draw(): void {
    drawing = false;
    const follows = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END;
    const fresh = arrived.filter((kept) => accepts(kept, filterBox.filter));
    arrived = [];
    body.append(...fresh.slice(-MAX_PACKETS).map(packetRow));
    const [oldest] = ring;
    for (
      let row = body.firstElementChild;
      row !== null && Number((row as HTMLElement).dataset.number) < (oldest?.number ?? 0);
      row = body.firstElementChild
    ) {
      row.remove();
    }
    showTally();
    if (follows) list.scrollTop = list.scrollHeight;
  }

  function received(packet: Packet): void {
    if (paused) return;
    if (packet.linkType !== linkType) {
      linkType = packet.linkType;
      filterBox.compile();
    }
    const kept = { number: ++seen, packet };
    ring.push(kept);
    arrived.push(kept);
    if (arrived.length > MAX_PACKETS) arrived.shift();
    if (drawing) return;
    drawing = true;
    // Not in an animation frame: a page in the background has none, and its rows would pile up.
    setTimeout(draw, 100);
  }

  function markOpened(): void {
    for (const row of body.querySelectorAll('tr[aria-selected="true"]')) row.setAttribute("aria-selected", "false");
    if (opened !== undefined)
      body.querySelector(`tr[data-number="${opened.number}"]`)?.setAttribute("aria-selected", "true");
  }

  function open(number: number): void {
    const kept = [...ring].find((each) => each.number === number);
    if (kept === undefined) return;
    opened = kept;
    const close = h(
      "button",
      { type: "button", class: "button quiet", "aria-label": "Close the packet" },
      icon("M5 5l10 10M15 5 5 15"),
    );
    close.addEventListener("click", () => closeDetail());
    detail.replaceChildren(
      h("header", {}, h("strong", {}, `Packet ${number}`), h("span", { class: "where" }, kept.packet.summary()), close),
      openDetail(kept.packet).element,
    );
    detail.hidden = false;
    bodyArea.classList.add("opened");
    markOpened();
    body.querySelector('tr[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  function closeDetail(): boolean {
    if (opened === undefined) return false;
    opened = undefined;
    detail.hidden = true;
    bodyArea.classList.remove("opened");
    markOpened();
    list.focus();
    return true;
  }

  function showPause(): void {
    pauseButton.replaceChildren(icon(paused ? "M6 4.5v11l9-5.5Z" : "M7 4.5v11M13 4.5v11"), paused ? "Go on" : "Pause");
  }

  body.addEventListener("click", ({ target }) => {
    const row = (target as HTMLElement).closest("tr");
    if (row !== null) open(Number(row.dataset.number));
  });
  list.addEventListener("keydown", (event) => {
    const current = body.querySelector<HTMLElement>('tr[aria-selected="true"]');
    const rows: Record<string, Element | null> = {
      ArrowDown: current === null ? body.lastElementChild : current.nextElementSibling,
      ArrowUp: current === null ? body.lastElementChild : current.previousElementSibling,
      Enter: current ?? body.lastElementChild,
      Home: body.firstElementChild,
      End: body.lastElementChild,
    };
    if (!(event.key in rows)) return;
    const row = rows[event.key];
    if (row != null) open(Number((row as HTMLElement).dataset.number));
    if (event.key === "Enter") detail.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"]')?.focus();
    event.preventDefault();
  });
  pauseButton.addEventListener("click", () => {
    paused = !paused;
    session.watchWire(!paused);
    showPause();
    showTally();
  });
  clearButton.addEventListener("click", () => {
    ring.clear();
    closeDetail();
    redraw();
  });
  saveButton.addEventListener("click", async () => {
    const file = await encodeCapture(
      [...ring].map(({ packet }) => packet),
      { format: "pcapng" },
    );
    const address = URL.createObjectURL(new Blob([file as Uint8Array<ArrayBuffer>], { type: "application/x-pcapng" }));
    h("a", { href: address, download: "chat.pcapng" }).click();
    // The browser has begun to read it by then.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  });

  showPause();
  showTally();
  return {
    element,
    feed(bytes) {
      // The server starts a file each time it is turned on; a new section within one is no trouble either.
      feed ??= startFeed(received, (why) => {
        problem = why;
        showTally();
      });
      feed.push(bytes);
    },
    changed() {
      if (session.wire.state !== "on" || session.link.state !== "online") {
        feed?.end();
        feed = undefined;
      } else problem = undefined;
      showTally();
    },
    escape: closeDetail,
  };
}
