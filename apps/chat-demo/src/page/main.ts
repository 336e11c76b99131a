/** The page: first the form, then the chat. */
import { keepConnected } from "../session/connector.ts";
import { createChatView } from "./chat-view.ts";
import { joinForm } from "./join-form.ts";
import { recall, remember } from "./storage.ts";
import { applyTheme } from "./theme.ts";
import { chatAddress, connectWebSocket } from "./web-socket.ts";

/** How often the lists of rooms and people are asked for while somebody looks, in milliseconds. */
const REFRESH = 30_000;

const app = document.getElementById("app")!;
let password: string | undefined;

function roomOfAddress(): string | undefined {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined;
  } catch {
    return undefined;
  }
}

function showForm(problem: string | undefined, askPassword: boolean): void {
  document.title = "Sockeye chat";
  app.replaceChildren(
    joinForm({
      nick: recall("nick") ?? "",
      room: roomOfAddress() ?? recall("room") ?? "",
      password: askPassword,
      problem,
      onJoin(choice) {
        password = choice.password ?? password;
        if (choice.nick !== undefined) remember("nick", choice.nick);
        start(choice.nick, choice.room);
      },
    }),
  );
}

function start(nick: string | undefined, room: string | undefined): void {
  const connector = keepConnected({
    nick,
    room,
    password,
    connect: (events) => connectWebSocket(chatAddress(location), events, (bytes) => view.packets(bytes)),
    changed(change) {
      view.changed(change);
      const { session } = connector;
      if (change.type === "self" && session.nick !== undefined) remember("nick", session.nick);
      if (change.type === "room" && session.room !== undefined) {
        remember("room", session.room.name);
        history.replaceState(null, "", `#${encodeURIComponent(session.room.name)}`);
      }
      if (session.link.state === "over" && session.link.why === "password") {
        stop();
        // Asked for it the first time, nobody has given a wrong one.
        showForm(password === undefined ? undefined : session.link.text, true);
        password = undefined;
      }
    },
  });
  const view = createChatView({
    session: connector.session,
    onRetry: () => connector.retry(),
    onRejoin() {
      stop();
      showForm(undefined, password !== undefined);
    },
  });
  const refresher = setInterval(() => {
    if (!document.hidden) connector.session.refresh();
  }, REFRESH);
  const online = (): void => connector.retry();
  addEventListener("online", online);
  const stop = (): void => {
    clearInterval(refresher);
    removeEventListener("online", online);
    connector.stop();
  };
  app.replaceChildren(view.element);
  view.focus();
  connector.start();
}

applyTheme();
showForm(undefined, false);
