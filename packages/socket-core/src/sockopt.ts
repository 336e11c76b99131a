/** setsockopt(2) and getsockopt(2), with a C `int` or with bytes. */
import { checkConstant, checkInteger, typeError } from "./check.ts";
import { SO_LINGER, SOL_SOCKET } from "./constants.ts";
import { systemError } from "./errors.ts";
import { native } from "./native.ts";
import type { Descriptor } from "./readiness.ts";

/** The most bytes that are asked for; no option of Linux or macOS comes near it. */
const MAX_OPTION = 65_536;

const number = new Int32Array(1);
const numberBytes = new Uint8Array(number.buffer);

/** struct linger of socket(7): two C `int`s, on or off and seconds. */
const linger = new Int32Array(2);
const lingerBytes = new Uint8Array(linger.buffer);

/** Notes SO_LINGER: what it says of the end of a stream is `close`'s business. */
export function noteLinger(d: Descriptor): void {
  if (native.getsockopt(d.fd, SOL_SOCKET, SO_LINGER, lingerBytes) < 0) return;
  const seconds = linger[0] === 0 ? null : linger[1]!;
  if (seconds !== null || d.extras !== null) d.needExtras().linger = seconds;
}

export function setOption(d: Descriptor, level: number, name: number, value: number | Uint8Array): void {
  checkConstant("level", level);
  checkConstant("name", name);
  if (typeof value === "number") checkInteger("value", value, -(2 ** 31), 2 ** 32 - 1);
  else if (!(value instanceof Uint8Array)) throw typeError("value", "an integer or a Uint8Array", value);
  const status = native.setsockopt(d.fd, level, name, value);
  if (status < 0) throw systemError("setsockopt", status);
  if (level === SOL_SOCKET && name === SO_LINGER) noteLinger(d);
}

export function getOption(fd: number, level: number, name: number): number {
  checkConstant("level", level);
  checkConstant("name", name);
  number[0] = 0;
  const status = native.getsockopt(fd, level, name, numberBytes);
  if (status < 0) throw systemError("getsockopt", status);
  return number[0];
}

export function getOptionBytes(fd: number, level: number, name: number, length: number): Buffer {
  checkConstant("level", level);
  checkConstant("name", name);
  const buffer = Buffer.alloc(checkInteger("length", length, 1, MAX_OPTION));
  const status = native.getsockopt(fd, level, name, buffer);
  if (status < 0) throw systemError("getsockopt", status);
  return buffer.subarray(0, status);
}
