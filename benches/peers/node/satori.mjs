// satori makes an SVG document of a tree, @resvg/resvg-js paints it: what @vercel/og does. Quickest: its pixels
// through `quickPng`.

import { Resvg } from "@resvg/resvg-js";
import satori from "satori";
import * as boxes from "./boxes.mjs";
import { GOLD, GREY, LOGO, WEIGHTS, dataUri, file, font, runsPath, star } from "./card.mjs";
import { HEIGHT, WIDTH, drive, quickPng } from "./harness.mjs";

await drive("workers", async (ask) => {
  const fonts = WEIGHTS.map((weight) => ({ name: "InterCard", weight, data: font(ask, weight) }));
  const images = {
    photo: dataUri("image/jpeg", file(ask, "photo.jpg")),
    avatar: dataUri("image/png", file(ask, "avatar.png")),
    logo: dataUri("image/svg+xml", LOGO),
    [GOLD]: dataUri("image/svg+xml", star(GOLD)),
    [GREY]: dataUri("image/svg+xml", star(GREY)),
  };
  const element = (type, props) => ({ type, props });
  const kit = {
    box: (style, children) => element("div", { style: { display: "flex", ...style }, children }),
    text: (text, style) => element("div", { style, children: text }),
    image: (name, style) => element("img", { style, src: images[name], width: style.width, height: style.height }),
    code: (text, style) =>
      element("svg", { style, viewBox: "0 0 132 132", children: element("path", { d: runsPath(text), fill: "#000" }) }),
  };
  return async (row) => {
    const tree = boxes.tree(kit, ask.card, [...boxes.below[ask.card](kit), ...boxes.above[ask.card](kit, row)]);
    const svg = await satori(tree, { width: WIDTH, height: HEIGHT, fonts });
    const painted = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
    return ask.fast ? quickPng(painted.pixels) : painted.asPng();
  };
});
