// Measures each case's lines: characters that stand at one height, and how far they reach.
async function measure() {
  await Promise.all([...document.fonts].map((font) => font.load()));
  const answers = [];
  for (const { text, style } of cases) {
    const box = document.createElement("div");
    box.dir = "auto";
    box.textContent = text;
    for (const [name, value] of Object.entries(style)) {
      if (value !== null) box.style[name] = value;
    }
    document.body.append(box);
    const node = box.firstChild;
    const lineHeight = parseFloat(getComputedStyle(box).lineHeight);
    const lines = [];
    let at = 0;
    for (const char of text) {
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + char.length);
      at += char.length;
      const rect = range.getClientRects()[0];
      let line = lines.at(-1);
      if (char === "\n") {
        // A line break ends its line, and an empty line has nothing else.
        if (!line || line.ended) lines.push((line = { text: "", left: 0, right: 0, top: 0, seen: false }));
        line.ended = true;
        continue;
      }
      const middle = rect ? (rect.top + rect.bottom) / 2 : 0;
      const next = !line || line.ended || (rect && line.seen && Math.abs(middle - line.top) > lineHeight / 2);
      if (next) lines.push((line = { text: "", left: Infinity, right: -Infinity, top: middle, seen: false }));
      line.text += char;
      if (rect && !line.seen) (line.top = middle), (line.seen = true);
      if (rect) (line.chars ??= []).push([line.text.length, rect.left, rect.right]);
    }
    answers.push(
      lines.map((line) => {
        const kept = line.text.trimEnd();
        const seen = (line.chars ?? []).filter(([end]) => end <= kept.length);
        const left = Math.min(...seen.map(([, left]) => left));
        const right = Math.max(...seen.map(([, , right]) => right));
        return [kept, seen.length ? right - left : 0];
      }),
    );
    box.remove();
  }
  const bytes = new TextEncoder().encode(JSON.stringify(answers));
  const answer = document.createElement("pre");
  answer.textContent = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  document.body.append(answer);
}
measure();
