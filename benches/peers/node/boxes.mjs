// The cards as boxes with styles, for the renderers that lay out a tree: takumi and satori.
//
// `kit` says how that renderer writes a box, a text and a picture. `below` is what is the same in every row and lies
// below the rest, `above` all else.

import { GOLD, GREY } from "./card.mjs";

const at = (left, top, more) => ({ position: "absolute", left, top, ...more });
const card = (more) => ({ display: "flex", position: "relative", width: 1200, height: 630, fontFamily: "InterCard", ...more });
const line = (fontSize, lineHeight, color, more) => ({
  fontSize,
  lineHeight: `${lineHeight}px`,
  color,
  whiteSpace: "nowrap",
  ...more,
});
const SHADE = "linear-gradient(180deg, rgba(0,0,0,0), rgba(0,0,0,0.8))";
const headline = (color) => ({ width: 1072, fontSize: 72, fontWeight: 700, lineHeight: "80px", color });

export function tree(kit, name, children) {
  return kit.box(name === "photo" ? card() : card({ backgroundColor: "#0F172A" }), children);
}

export const below = {
  photo: (kit) => [
    kit.image("photo", at(0, 0, { width: 1200, height: 630, objectFit: "cover" })),
    kit.box(at(0, 315, { width: 1200, height: 315, backgroundImage: SHADE }), []),
  ],
  flat: (kit) => [
    kit.image("logo", at(64, 64, { width: 72, height: 72 })),
    kit.text("Northwind", at(156, 64, line(36, 72, "#fff", { fontWeight: 700, height: 72 }))),
    kit.box(at(0, 618, { width: 1200, height: 12, backgroundColor: "#6366F1" }), []),
  ],
};

export const above = { photo, flat };

function photo(kit, row) {
  const stars = Array.from({ length: 5 }, (_, star) =>
    kit.image(star < row.stars.value ? GOLD : GREY, at(924 + 44 * star, 64, { width: 36, height: 36 })),
  );
  const badge = line(28, 52, "#111827", { fontWeight: 700, height: 52, padding: "0 20px", borderRadius: 12, backgroundColor: "#fff" });
  return [
    kit.text(row.badge.text, at(64, 56, badge)),
    ...stars,
    kit.text(row.headline.text, at(64, 268, headline("#fff"))),
    kit.text(row.subtitle.text, at(64, 440, line(32, 44, "rgba(255,255,255,0.85)"))),
    kit.image("avatar", at(64, 500, { width: 96, height: 96, borderRadius: 48 })),
    kit.text(row.footer.text, at(184, 534, line(20, 28, "rgba(255,255,255,0.7)"))),
    kit.box(at(976, 436, { width: 160, height: 160, borderRadius: 8, backgroundColor: "#fff" }), []),
    kit.code(row.qr.text, at(990, 450, { width: 132, height: 132 })),
  ];
}

function flat(kit, row) {
  return [
    kit.text(row.headline.text, at(64, 236, headline("#F8FAFC"))),
    kit.text(row.subtitle.text, at(64, 412, line(32, 44, "#94A3B8"))),
    kit.text(row.footer.text, at(64, 554, line(20, 28, "#64748B"))),
  ];
}
