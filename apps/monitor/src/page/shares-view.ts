/** The protocols and how much of the traffic each is. */
import type { Share } from "../engine/messages.ts";
import { CATEGORIES } from "../engine/protocol.ts";
import { find, make, setText } from "./dom.ts";
import { count, share as percent, bytes as size } from "./quantity.ts";

/** Protocols that are listed; the rest is one line. */
const MAX_SHARES = 14;

interface Row {
  readonly element: HTMLElement;
  readonly name: HTMLElement;
  readonly bar: HTMLElement;
  readonly percent: HTMLElement;
  readonly size: HTMLElement;
}

export class SharesView {
  readonly #list = find("shares");
  readonly #rows: Row[] = [];

  update(shares: readonly Share[], total: number): void {
    const shown =
      shares.length > MAX_SHARES ? [...shares.slice(0, MAX_SHARES - 1), rest(shares.slice(MAX_SHARES - 1))] : shares;
    while (this.#rows.length < shown.length) this.#rows.push(this.#row());
    for (const [i, row] of this.#rows.entries()) {
      const share = shown[i];
      row.element.hidden = share === undefined;
      if (share === undefined) continue;
      row.element.className = `c-${CATEGORIES[share.category]!.toLowerCase()}`;
      setText(row.name, share.protocol);
      setText(row.percent, percent(share.bytes, total));
      setText(row.size, size(share.bytes));
      row.element.title = `${count(share.packets)} packets`;
      row.bar.style.width = `${total === 0 ? 0 : (100 * share.bytes) / total}%`;
    }
  }

  #row(): Row {
    const name = make("span", { class: "name" });
    const bar = make("span", { class: "fill" });
    const share = make("span", { class: "percent" });
    const bytes = make("span", { class: "size" });
    const element = make("li", {}, name, make("span", { class: "track", "aria-hidden": "true" }, bar), bytes, share);
    this.#list.append(element);
    return { element, name, bar, percent: share, size: bytes };
  }
}

function rest(shares: readonly Share[]): Share {
  const sum = (pick: (share: Share) => number) => shares.reduce((all, one) => all + pick(one), 0);
  return {
    protocol: `${shares.length} more`,
    category: CATEGORIES.length - 1,
    packets: sum((one) => one.packets),
    bytes: sum((one) => one.bytes),
  };
}
