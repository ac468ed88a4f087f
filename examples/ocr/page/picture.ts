/** A picture as the model takes it, and its probabilities as text. */

/** Blue, green and red planes of 48 rows, in -1 to 1. */
export type Picture = { readonly data: Float32Array; readonly width: number };

const HEIGHT = 48;

/** Scales to 48 rows; the width is that of 8 columns a position at least. */
export const pictureOf = (source: ImageBitmap): Picture => {
  const width = Math.max(8, Math.ceil((source.width * HEIGHT) / source.height / 8) * 8);
  const context = new OffscreenCanvas(width, HEIGHT).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser draws no pictures");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, HEIGHT);
  context.drawImage(source, 0, 0, (source.width * HEIGHT) / source.height, HEIGHT);
  const pixels = context.getImageData(0, 0, width, HEIGHT).data;
  const count = width * HEIGHT;
  const data = Float32Array.from({ length: 3 * count }, (_, n) => {
    const channel = 2 - Math.floor(n / count);
    return ((pixels[(n % count) * 4 + channel] ?? 0) / 255 - 0.5) / 0.5;
  });
  return { data, width };
};

/** Best path decoding of CTC: equal neighbours are one, class 0 is the blank and no character, the last is the space. */
export const decode = (probabilities: Float32Array, keys: readonly string[]): string => {
  const characters = ["", ...keys.filter((k) => k !== ""), " "];
  const classes = characters.length;
  let [text, before] = ["", 0];
  for (let at = 0; at < probabilities.length; at += classes) {
    let best = 0;
    for (let n = 1; n < classes; n++) if (probabilities[at + n]! > probabilities[at + best]!) best = n;
    if (best !== before) text += characters[best] ?? "";
    before = best;
  }
  return text;
};
