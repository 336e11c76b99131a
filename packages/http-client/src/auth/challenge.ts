/** One challenge of a WWW-Authenticate header. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Parameters by name in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const MAX_CHALLENGES = 32;
const PART =
  /\s*(?:,\s*)*([!#$%&'*+\-.^_`|~\w]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|(\s+[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$)))|(?=\s|,|$))/y;

/** Parses WWW-Authenticate (RFC 9110, section 11.6.1): several challenges may share one line. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  PART.lastIndex = 0;
  for (
    let match = PART.exec(header);
    match !== null && challenges.length <= MAX_CHALLENGES;
    match = PART.exec(header)
  ) {
    const [, name = "", quoted, token] = match;
    if (quoted === undefined && token === undefined) {
      challenges.push({ scheme: name.toLowerCase(), parameters: Object.create(null) });
      continue;
    }
    const current = challenges.at(-1);
    const key = name.toLowerCase();
    if (current && !(key in current.parameters)) {
      current.parameters[key] = quoted === undefined ? token! : quoted.replace(/\\(.)/g, "$1");
    }
  }
  return challenges;
}
