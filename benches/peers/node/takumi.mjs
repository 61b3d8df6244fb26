// @takumi-rs/core: a tree of nodes, laid out and painted in Rust. Quickest: its raw pixels through `quickPng`.

import { Renderer } from "@takumi-rs/core";
import * as boxes from "./boxes.mjs";
import { GOLD, GREY, LOGO, WEIGHTS, file, font, runs, star } from "./card.mjs";
import { HEIGHT, WIDTH, drive, quickPng } from "./harness.mjs";

await drive("promises", async (ask) => {
  const renderer = new Renderer();
  for (const weight of WEIGHTS) {
    await renderer.registerFont({ name: "InterCard", weight, data: font(ask, weight) });
  }
  const images = [
    { src: "photo", data: file(ask, "photo.jpg") },
    { src: "avatar", data: file(ask, "avatar.png") },
    { src: "logo", data: Buffer.from(LOGO) },
    { src: GOLD, data: Buffer.from(star(GOLD)) },
    { src: GREY, data: Buffer.from(star(GREY)) },
  ];
  const kit = {
    box: (style, children) => ({ type: "container", style, children }),
    text: (text, style) => ({ type: "text", style, text }),
    image: (src, style) => ({ type: "image", style, src }),
    code: (text, style) => ({ type: "image", style, src: pixels(text) }),
  };
  const size = { width: WIDTH, height: HEIGHT };
  let below = boxes.below[ask.card](kit);
  if (ask.layer) {
    const layer = await renderer.render(boxes.tree(kit, ask.card, below), { ...size, images, format: "png" });
    images.push({ src: "layer", data: layer });
    below = [kit.image("layer", { position: "absolute", left: 0, top: 0, ...size })];
  }
  const options = { ...size, images, format: ask.fast ? "raw" : "png" };
  return async (row) => {
    const tree = boxes.tree(kit, ask.card, [...below, ...boxes.above[ask.card](kit, row)]);
    const bytes = await renderer.render(tree, options);
    return ask.fast ? quickPng(bytes) : bytes;
  };
});

/** A code as pixels: black on white, four to a module. */
function pixels(text) {
  const side = 132;
  const data = new Uint8Array(side * side * 4).fill(255);
  const words = new Uint32Array(data.buffer);
  for (const [x, y, length] of runs(text)) {
    for (let line = 4 * y; line < 4 * y + 4; line++) {
      const start = line * side + 4 * x;
      words.fill(0xff000000, start, start + 4 * length);
    }
  }
  return { width: side, height: side, data, premultiplied: true };
}
