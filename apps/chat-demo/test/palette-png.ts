/** Pictures of a page with 256 colours: a third of the size, and hardly anything to be seen of it. */
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_COLORS = 256;
/** So many of them are the most common ones. */
const MAX_COMMON = 96;
/** Bytes of a pixel by the colour type of IHDR, for the two types that Chromium writes: RGB and RGBA. */
const PIXEL: Readonly<Record<number, number>> = { 2: 3, 6: 4 };

interface Picture {
  readonly width: number;
  readonly height: number;
  /** 0xrrggbb of each pixel. */
  readonly pixels: Uint32Array;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Reads a PNG of eight bits a channel without interlacing (PNG, third edition, sections 9 and 11). */
function decode(png: Buffer): Picture {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const size = PIXEL[png[25]!];
  if (png[24] !== 8 || size === undefined) throw new RangeError(`Expected a PNG of 8 bits a channel in RGB or RGBA`);
  const parts: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * size;
  const pixels = new Uint32Array(width * height);
  let above: Uint8Array = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const line = raw.subarray(start + 1, start + 1 + stride);
    for (let x = 0; x < stride; x++) {
      const left = x >= size ? line[x - size]! : 0;
      const corner = x >= size ? above[x - size]! : 0;
      const up = above[x]!;
      line[x]! += [0, left, up, (left + up) >> 1, paeth(left, up, corner)][raw[start]!]!;
    }
    for (let x = 0; x < width; x++) {
      pixels[y * width + x] = (line[x * size]! << 16) | (line[x * size + 1]! << 8) | line[x * size + 2]!;
    }
    above = line;
  }
  return { width, height, pixels };
}

function distance(a: number, b: number): number {
  return [16, 8, 0].reduce((sum, shift) => sum + (((a >> shift) & 255) - ((b >> shift) & 255)) ** 2, 0);
}

/** The colours that there are most of, and then, one by one, what is furthest from all of these and not too rare. */
function choose(counts: ReadonlyMap<number, number>): number[] {
  const ranked = [...counts].sort((a, b) => b[1] - a[1]);
  const palette = ranked.slice(0, MAX_COMMON).map(([color]) => color);
  const rest = ranked.slice(MAX_COMMON).map(([color, count]) => ({
    color,
    count,
    apart: Math.min(...palette.map((chosen) => distance(color, chosen))),
  }));
  while (palette.length < MAX_COLORS && rest.length > 0) {
    const weigh = ({ apart, count }: (typeof rest)[number]): number => apart * Math.sqrt(count);
    const { color } = rest.reduce((best, each) => (weigh(each) > weigh(best) ? each : best));
    palette.push(color);
    for (const each of rest) each.apart = Math.min(each.apart, distance(each.color, color));
  }
  return palette;
}

/** The same picture with few colours; each other becomes the nearest of them. */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png);
  const counts = new Map<number, number>();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  const palette = choose(counts);
  const places = new Map(palette.map((color, i) => [color, i]));
  for (const color of counts.keys()) {
    if (places.has(color)) continue;
    let nearest = 0;
    for (let i = 1; i < palette.length; i++) {
      if (distance(color, palette[i]!) < distance(color, palette[nearest]!)) nearest = i;
    }
    places.set(color, nearest);
  }
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) lines[y * (width + 1) + 1 + x] = places.get(pixels[y * width + x]!)!;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colors = Buffer.from(palette.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]));
  const data = deflateSync(lines, { level: 9 });
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", colors),
    chunk("IDAT", data),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
