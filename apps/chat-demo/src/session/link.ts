/** How a session's connection is. */
export type Link =
  | { readonly state: "connecting" }
  | { readonly state: "online" }
  /**
   * It will be tried again at `until`, in milliseconds since 1970; and not before that when the server has told to wait,
   * for a reason in words.
   */
  | { readonly state: "waiting"; readonly until: number; readonly reason?: string }
  /** It will not be tried again by itself: the person left, a password is wanted, or the server said goodbye. */
  | { readonly state: "over"; readonly why: "left" | "password" | "goodbye"; readonly text: string };
