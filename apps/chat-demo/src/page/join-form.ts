/** The first thing one sees: name, room, and the password when the server asks for it. */
import { checkName } from "../protocol/name.ts";
import { h } from "./dom.ts";

interface JoinChoice {
  readonly nick: string | undefined;
  readonly room: string | undefined;
  readonly password: string | undefined;
}

export interface JoinFormOptions {
  readonly nick: string;
  readonly room: string;
  /** Ask for the password too. */
  readonly password: boolean;
  /** Why somebody sees the form again. */
  readonly problem: string | undefined;
  readonly onJoin: (choice: JoinChoice) => void;
}

/** Shows the form; it checks names before anything is sent. */
export function joinForm({ nick, room, password, problem, onJoin }: JoinFormOptions): HTMLElement {
  const error = h(
    "p",
    { class: "join-error", role: "alert", id: "join-error", hidden: problem === undefined },
    problem,
  );
  const input = (attributes: Record<string, string | boolean>): HTMLInputElement =>
    h("input", { class: "field", autocapitalize: "none", spellcheck: "false", ...attributes });
  const nickField = input({
    name: "nick",
    autocomplete: "nickname",
    maxlength: "64",
    placeholder: "ada",
    value: nick,
    "aria-describedby": "join-error",
  });
  const roomField = input({ name: "room", autocomplete: "off", maxlength: "64", placeholder: "lobby", value: room });
  const passwordField = input({ name: "password", type: "password", autocomplete: "current-password" });

  const form = h(
    "form",
    { novalidate: true },
    h("label", {}, "Your name", nickField),
    h("label", {}, h("span", {}, "Room ", h("span", { class: "hint" }, "– made if it does not exist")), roomField),
    password && h("label", {}, "Password", passwordField),
    error,
    h("button", { class: "button primary" }, "Join"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen: (string | undefined)[] = [];
    for (const field of [nickField, roomField]) {
      const text = field.value.trim().replace(/^#/, "");
      const result = text === "" ? { name: undefined } : checkName(text);
      field.setAttribute("aria-invalid", String("problem" in result));
      if ("problem" in result) {
        error.textContent = `${result.problem}.`;
        error.hidden = false;
        field.focus();
        return;
      }
      chosen.push(result.name);
    }
    onJoin({ nick: chosen[0], room: chosen[1], password: password ? passwordField.value : undefined });
  });
  const page = h(
    "main",
    { class: "join" },
    h(
      "div",
      { class: "join-card" },
      h("img", { class: "mark", src: "icon.svg", alt: "" }),
      h("h1", {}, "Sockeye chat"),
      h("p", { class: "lead" }, "Rooms for the people on this network."),
      form,
    ),
  );
  queueMicrotask(() => (password ? passwordField : nickField).focus());
  return page;
}
