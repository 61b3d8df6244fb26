// skia-canvas: Skia behind the canvas API, on the CPU. Quickest: its pixels through `quickPng`.

import { Canvas, FontLibrary, Path2D, loadImage } from "skia-canvas";
import { join } from "node:path";
import { paint } from "./canvas.mjs";
import { WEIGHTS, file } from "./card.mjs";
import { HEIGHT, WIDTH, drive, quickPng } from "./harness.mjs";

await drive("workers", async (ask) => {
  FontLibrary.use("InterCard", WEIGHTS.map((weight) => join(ask.cards, "assets", `InterCard-${weight}.ttf`)));
  const [photo, avatar] = await Promise.all(["photo.jpg", "avatar.png"].map((name) => loadImage(file(ask, name))));
  return async (row) => {
    // A canvas keeps what was drawn since it was made, so each row has its own.
    const canvas = new Canvas(WIDTH, HEIGHT);
    canvas.gpu = false;
    paint({ context: canvas.getContext("2d"), Path2D, photo, avatar }, ask.card, row);
    return ask.fast ? quickPng(canvas.toBufferSync("raw")) : canvas.toBufferSync("png");
  };
});
