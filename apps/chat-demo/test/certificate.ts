/** A certificate for 127.0.0.1 and localhost, made by openssl. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export async function certificate(): Promise<{ cert: string; key: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "chat-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ...["-keyout", key, "-out", cert],
  ]);
  return { cert, key, remove: () => rm(folder, { recursive: true, force: true }) };
}
