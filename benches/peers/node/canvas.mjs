// The cards on a 2D canvas, whichever library it is of. Lines are broken by `measureText`, as its users do.

import { BOLT, STAR, runs, wrap } from "./card.mjs";

// `kit` is a `context`, `Path2D`, and the images `photo` and `avatar`. `below` is what is the same in every row and lies
// below the rest, `above` all else; `layer` is a picture of what is below.

export function paint(kit, card, row, layer) {
  if (layer) kit.context.drawImage(layer, 0, 0);
  else below[card](kit);
  above[card](kit, row);
}

export const below = {
  photo({ context, photo }) {
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, 0, -22.5, 1200, 675);
    const shade = context.createLinearGradient(0, 315, 0, 630);
    shade.addColorStop(0, "rgba(0,0,0,0)");
    shade.addColorStop(1, "rgba(0,0,0,0.8)");
    context.fillStyle = shade;
    context.fillRect(0, 315, 1200, 315);
  },
  flat({ context, Path2D }) {
    context.fillStyle = "#0F172A";
    context.fillRect(0, 0, 1200, 630);
    rounded(context, "#6366F1", 64, 64, 72, 72, 16);
    context.save();
    context.translate(64, 64);
    context.fillStyle = "#fff";
    context.fill(new Path2D(BOLT));
    context.restore();
    text(context, "700 36px InterCard", "#fff", "Northwind", 156, 113.1);
    context.fillStyle = "#6366F1";
    context.fillRect(0, 618, 1200, 12);
  },
};

const above = { photo, flat };

function text(context, font, fill, words, x, baseline) {
  context.font = font;
  context.fillStyle = fill;
  context.fillText(words, x, baseline);
}

function headline(context, fill, words, baseline) {
  context.font = "700 72px InterCard";
  const lines = wrap(words, 1072, (line) => context.measureText(line).width);
  lines.forEach((line, at) => text(context, context.font, fill, line, 64, baseline + 80 * at));
}

function rounded(context, fill, x, y, width, height, radius) {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fillStyle = fill;
  context.fill();
}

function photo({ context, Path2D, avatar }, row) {
  context.imageSmoothingQuality = "high";
  context.font = "700 28px InterCard";
  rounded(context, "#fff", 64, 56, context.measureText(row.badge.text).width + 40, 52, 12);
  text(context, context.font, "#111827", row.badge.text, 84, 92.19);
  const star = new Path2D(STAR);
  for (let at = 0; at < 5; at++) {
    context.save();
    context.translate(924 + 44 * at, 64);
    context.scale(1.5, 1.5);
    context.fillStyle = at < row.stars.value ? "#FFC53D" : "rgba(255,255,255,0.35)";
    context.fill(star);
    context.restore();
  }
  headline(context, "#fff", row.headline.text, 334.19);
  text(context, "400 32px InterCard", "rgba(255,255,255,0.85)", row.subtitle.text, 64, 473.64);
  context.save();
  context.beginPath();
  context.arc(112, 548, 48, 0, 2 * Math.PI);
  context.clip();
  context.drawImage(avatar, 64, 500, 96, 96);
  context.restore();
  text(context, "400 20px InterCard", "rgba(255,255,255,0.7)", row.footer.text, 184, 555.28);
  rounded(context, "#fff", 976, 436, 160, 160, 8);
  context.fillStyle = "#000";
  for (const [x, y, length] of runs(row.qr.text)) context.fillRect(990 + 4 * x, 450 + 4 * y, 4 * length, 4);
}

function flat({ context }, row) {
  headline(context, "#F8FAFC", row.headline.text, 302.19);
  text(context, "400 32px InterCard", "#94A3B8", row.subtitle.text, 64, 445.64);
  text(context, "400 20px InterCard", "#64748B", row.footer.text, 64, 575.28);
}
