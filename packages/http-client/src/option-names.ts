/** What other clients call what is meant, in lower case and without `_`; what is spelled nearly alike needs no entry. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["body", "data or json"],
  ["query", "params"],
  ["searchparams", "params"],
  ["prefix", "baseUrl"],
  ["prefixurl", "baseUrl"],
  ["redirect", "allowRedirects"],
  ["followredirect", "allowRedirects"],
  ["followredirects", "allowRedirects"],
  ["validatestatus", "throwHttpErrors"],
  ["rejectunauthorized", "verify"],
  ["ca", "verify"],
  ["proxy", "proxies"],
  ["agent", "dispatcher"],
  ["limit", "total"],
  ["methods", "allowedMethods"],
  ["statuscodes", "statusForcelist"],
  ["beforerequest", "request"],
  ["afterresponse", "response"],
  ["beforeredirect", "redirect"],
  ["beforeretry", "retry"],
  ["beforeerror", "error"],
]);

const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();

/** Throws a TypeError for the first key of `options` that is not in `names`; `kind` says what the names are, such as "retry option". */
export function checkNames(options: object, names: ReadonlySet<string>, kind: string): void {
  for (const key of Object.keys(options)) if (!names.has(key)) throw unknownName(key, [...names], kind);
}

function unknownName(key: string, known: readonly string[], kind: string): TypeError {
  const alike = known.find((name) => plain(name) === plain(key));
  const elsewhere = ELSEWHERE.get(plain(key));
  const meant = alike ?? (elsewhere && known.includes(elsewhere.split(" ")[0]!) ? elsewhere : undefined);
  const rest = meant !== undefined ? `did you mean ${meant}?` : `there are ${known.join(", ")}`;
  return Object.assign(new TypeError(`there is no ${kind} ${JSON.stringify(key)}; ${rest}`), {
    code: "ERR_INVALID_ARG_VALUE",
  });
}
