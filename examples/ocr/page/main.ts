/** The page: a picture is dropped or chosen, both readers read it, texts and times are shown. */
import { pictureOf } from "./picture.ts";
import { createReaders, type Reading } from "./reader.ts";

const element = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const say = (text: string): void => {
  element("state").textContent = text;
};
const show = (id: string, { text, ms }: Reading): void => {
  element(`${id}-text`).textContent = text;
  element(`${id}-ms`).textContent = `${ms.toFixed(1)} ms`;
};

// `?convolutions=wasm`: ONNX Runtime on the CPU, the blocks on the GPU.
const convolutions = new URLSearchParams(location.search).get("convolutions") === "wasm" ? "wasm" : "webgpu";
const note = convolutions === "wasm" ? ", convolutions on the CPU" : "";
const readers = createReaders(convolutions);
let last: Promise<void> = Promise.resolve();

/** Reads one picture after the other. */
const read = (file: Blob): void => {
  document.body.dataset["done"] = "false";
  last = last.then(async () => {
    try {
      const source = await createImageBitmap(file);
      (element("picture") as HTMLImageElement).src = URL.createObjectURL(file);
      say("reading");
      const { ort, tfx } = await readers;
      const picture = pictureOf(source);
      // A first time, which makes what is made once for a width, and one that counts.
      for (const reader of [ort, tfx]) await reader(picture);
      const [alone, shared] = [await ort(picture), await tfx(picture)];
      show("ort", alone);
      show("tfx", shared);
      say(`${alone.text === shared.text ? "both read the same" : "the texts differ"}${note}`);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
    document.body.dataset["done"] = "true";
  });
};

element("file").addEventListener("change", (event) => {
  for (const file of (event.target as HTMLInputElement).files ?? []) read(file);
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer?.files ?? []) read(file);
});

readers.then(
  ({ adapter }) => {
    say(`ready on ${adapter}${note}`);
    document.body.dataset["ready"] = "true";
  },
  (error: unknown) => say(error instanceof Error ? error.message : String(error)),
);
