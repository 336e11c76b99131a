/** How a session's connection is. */
export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "online" }
  /** It will be tried again at `until`, in milliseconds since 1970. */
  | { readonly state: "waiting"; readonly until: number }
  /** It will not be tried again by itself. */
  | { readonly state: "over"; readonly why: "left" | "password" | "goodbye"; readonly text: string };
