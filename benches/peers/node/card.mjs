// The two cards' parts that more than one driver draws. Coordinates are those of ../../cards/*.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import QRCode from "qrcode";

export const STAR =
  "M12 2l3.09 6.26L22 9.27l-5 4.87 1.18 6.88L12 17.77l-6.18 3.25L7 14.14 2 9.27l6.91-1.01L12 2z";
export const BOLT = "M40 10 18 42 34 42 30 64 54 32 38 32z";
export const WEIGHTS = [400, 700];

export const GOLD = 'fill="#FFC53D"';
export const GREY = 'fill="#fff" fill-opacity="0.35"';

/** A star in a document of its own, 36 px. */
export function star(fill) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="36" height="36" viewBox="0 0 24 24"><path d="${STAR}" ${fill}/></svg>`;
}

/** The logo in a document of its own, 72 px. */
export const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="72" height="72" viewBox="0 0 72 72"><rect width="72" height="72" rx="16" fill="#6366F1"/><path d="${BOLT}" fill="#fff"/></svg>`;

export function file(ask, name) {
  return readFileSync(join(ask.cards, "assets", name));
}

export function font(ask, weight) {
  return file(ask, `InterCard-${weight}.ttf`);
}

export function dataUri(type, bytes) {
  return `data:${type};base64,${Buffer.from(bytes).toString("base64")}`;
}

/** Dark runs of a code of version 4, level M, in modules: `[x, y, length]`. */
export function runs(text) {
  const code = QRCode.create([{ data: Buffer.from(text), mode: "byte" }], { version: 4, errorCorrectionLevel: "M" });
  const { size, data } = code.modules;
  const found = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!data[y * size + x]) continue;
      let length = 1;
      while (x + length < size && data[y * size + x + length]) length++;
      found.push([x, y, length]);
      x += length;
    }
  }
  return found;
}

/** The same as path data in px. */
export function runsPath(text) {
  return runs(text)
    .map(([x, y, length]) => `M${4 * x} ${4 * y}h${4 * length}v4h-${4 * length}z`)
    .join("");
}

/** Words in lines of at most `width`, as wide as `measure` says. */
export function wrap(text, width, measure) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
