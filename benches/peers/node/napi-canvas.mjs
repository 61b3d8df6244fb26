// @napi-rs/canvas: Skia behind the canvas API. Quickest: its pixels through `quickPng`.

import { GlobalFonts, Path2D, createCanvas, loadImage } from "@napi-rs/canvas";
import { below, paint } from "./canvas.mjs";
import { WEIGHTS, file, font } from "./card.mjs";
import { HEIGHT, WIDTH, drive, quickPng } from "./harness.mjs";

await drive("workers", async (ask) => {
  for (const weight of WEIGHTS) GlobalFonts.register(font(ask, weight), "InterCard");
  const canvas = createCanvas(WIDTH, HEIGHT);
  const [photo, avatar] = await Promise.all(["photo.jpg", "avatar.png"].map((name) => loadImage(file(ask, name))));
  const kit = { context: canvas.getContext("2d"), Path2D, photo, avatar };
  const layer = ask.layer && createCanvas(WIDTH, HEIGHT);
  if (layer) below[ask.card]({ ...kit, context: layer.getContext("2d") });
  return async (row) => {
    paint(kit, ask.card, row, layer);
    return ask.fast ? quickPng(canvas.data()) : canvas.encodeSync("png");
  };
});
