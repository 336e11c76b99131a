/** Where the chat is unless somebody says otherwise. */
export const DEFAULT_HOST = "127.0.0.1";
export const DEFAULT_PORT = 12345;
/** The port of the page. */
export const DEFAULT_WEB_PORT = 12346;
