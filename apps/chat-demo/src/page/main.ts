/** The page: first the form, then the chat. */
import { isGuestName } from "../protocol/name.ts";
import { keepConnected } from "../session/connector.ts";
import { onRoomOfAddress, roomOfAddress, showRoomInAddress } from "./address.ts";
import { createChatView } from "./chat-view.ts";
import { joinForm } from "./join-form.ts";
import { recall, remember } from "./storage.ts";
import { applyTheme } from "./theme.ts";
import { chatAddress, connectWebSocket } from "./web-socket.ts";

/** How often the lists of rooms and people are asked for while somebody looks, in milliseconds. */
const REFRESH = 30_000;

const app = document.getElementById("app")!;
let password: string | undefined;

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
  let hasRoom = false;
  const connector = keepConnected({
    nick,
    room,
    password,
    connect: (events) => connectWebSocket(chatAddress(location), events, (bytes) => view.packets(bytes)),
    changed(change) {
      view.changed(change);
      const { session } = connector;
      // A guest's name is the server's, such as that of a second window while the first has the person's own.
      if (change.type === "self" && session.nick !== undefined && !isGuestName(session.nick)) {
        remember("nick", session.nick);
      }
      if (change.type === "room" && session.room !== undefined) {
        remember("room", session.room.name);
        showRoomInAddress(session.room.name, { visited: hasRoom });
        hasRoom = true;
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
  // A machine that slept has lost its connection without being told.
  const wake = (): void => {
    if (!document.hidden) connector.wake();
  };
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  const stopFollowing = onRoomOfAddress((name) => view.goTo(name));
  const stop = (): void => {
    clearInterval(refresher);
    removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
    stopFollowing();
    connector.stop();
  };
  app.replaceChildren(view.element);
  view.focus();
  connector.start();
}

applyTheme();
showForm(undefined, false);
