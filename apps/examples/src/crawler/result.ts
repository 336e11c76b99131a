/** One line of the results: a URL, how it was found, and what came of it. */
export interface Result {
  readonly url: string;
  readonly kind: "page" | "sitemap";
  readonly depth: number;
  readonly from: string | null;
  /** The status of the answer. */
  readonly status?: number;
  readonly type?: string;
  /** How much of the body was read. */
  readonly bytes?: number;
  /** Not all of it was looked at. */
  readonly isCut?: boolean;
  readonly title?: string;
  /** Links on the page, or URLs in the sitemap. */
  readonly links?: number;
  /** The URL that the page says is its proper one, when that is another. */
  readonly canonical?: string;
  /** Where the answer redirects to. */
  readonly redirect?: string;
  /** The page asks not to be listed. */
  readonly noindex?: boolean;
  /** Why it was not asked for, or not followed. */
  readonly skipped?: string;
  /** What went wrong. */
  readonly error?: string;
}
