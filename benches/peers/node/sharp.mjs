// sharp: libvips scales and blends, librsvg draws the rest as one SVG document. Its text comes from fontconfig, which
// run.py points at the cards' fonts; lines are broken by opentype.js, for librsvg breaks none.

import opentype from "opentype.js";
import sharp from "sharp";
import { BOLT, GOLD, GREY, STAR, dataUri, file, font, runsPath, wrap } from "./card.mjs";
import { HEIGHT, WIDTH, drive } from "./harness.mjs";

await drive("promises", async (ask) => {
  sharp.concurrency(1);
  const bytes = font(ask, 700);
  const bold = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const measure = (size) => (text) => (width(bold, text) / bold.unitsPerEm) * size;
  const avatar = dataUri("image/png", file(ask, "avatar.png"));
  const { data: pixels, info: raw } = await sharp(file(ask, "photo.jpg")).raw().toBuffer({ resolveWithObject: true });
  const png = ask.fast ? { compressionLevel: 1 } : {};
  if (ask.card === "flat") {
    return async (row) => sharp(Buffer.from(flat(row, measure))).removeAlpha().png(png).toBuffer();
  }
  return async (row) => {
    const over = { input: Buffer.from(photo(row, measure, avatar)) };
    const base = sharp(pixels, { raw }).resize(WIDTH, HEIGHT, { fit: "cover" });
    return base.composite([over]).removeAlpha().png(png).toBuffer();
  };
});

/** In units of the font, kerned. */
function width(font, text) {
  const glyphs = Array.from(text, (char) => font.charToGlyph(char));
  return glyphs.reduce((sum, glyph, at) => {
    const kerned = at + 1 < glyphs.length ? font.getKerningValue(glyph, glyphs[at + 1]) : 0;
    return sum + glyph.advanceWidth + kerned;
  }, 0);
}

function svg(body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="InterCard">${body}</svg>`;
}

function text(words, x, baseline, size, weight, fill) {
  const escaped = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${baseline}" font-size="${size}" font-weight="${weight}" fill="${fill}">${escaped}</text>`;
}

function headline(words, measure, baseline, fill) {
  return wrap(words, 1072, measure(72))
    .map((line, at) => text(line, 64, baseline + 80 * at, 72, 700, fill))
    .join("");
}

function photo(row, measure, avatar) {
  const stars = Array.from({ length: 5 }, (_, at) => {
    const place = `translate(${924 + 44 * at} 64) scale(1.5)`;
    return `<path transform="${place}" d="${STAR}" ${at < row.stars.value ? GOLD : GREY}/>`;
  });
  return svg(
    `<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-opacity="0"/><stop offset="1" stop-opacity="0.8"/></linearGradient>` +
      `<clipPath id="c"><circle cx="112" cy="548" r="48"/></clipPath></defs>` +
      `<rect y="315" width="1200" height="315" fill="url(#s)"/>` +
      `<rect x="64" y="56" width="${measure(28)(row.badge.text) + 40}" height="52" rx="12" fill="#fff"/>` +
      text(row.badge.text, 84, 92.19, 28, 700, "#111827") +
      stars.join("") +
      headline(row.headline.text, measure, 334.19, "#fff") +
      text(row.subtitle.text, 64, 473.64, 32, 400, "rgba(255,255,255,0.85)") +
      `<image href="${avatar}" x="64" y="500" width="96" height="96" clip-path="url(#c)"/>` +
      text(row.footer.text, 184, 555.28, 20, 400, "rgba(255,255,255,0.7)") +
      `<rect x="976" y="436" width="160" height="160" rx="8" fill="#fff"/>` +
      `<path transform="translate(990 450)" d="${runsPath(row.qr.text)}" shape-rendering="crispEdges"/>`,
  );
}

function flat(row, measure) {
  return svg(
    `<rect width="1200" height="630" fill="#0F172A"/><rect x="64" y="64" width="72" height="72" rx="16" fill="#6366F1"/>` +
      `<path transform="translate(64 64)" d="${BOLT}" fill="#fff"/>` +
      text("Northwind", 156, 113.1, 36, 700, "#fff") +
      headline(row.headline.text, measure, 302.19, "#F8FAFC") +
      text(row.subtitle.text, 64, 445.64, 32, 400, "#94A3B8") +
      text(row.footer.text, 64, 575.28, 20, 400, "#64748B") +
      `<rect y="618" width="1200" height="12" fill="#6366F1"/>`,
  );
}
