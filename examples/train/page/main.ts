/** The page: a form, a bar, the curve of the loss, samples. The worker trains. */
import { h, svg } from "../../../playground/dom.ts";
import { ATTENTIONS, type AttentionName } from "../attentions.ts";
import { SIZES, type Config } from "../transformer.ts";
import type { Reply, Request } from "./protocol.ts";

const byId = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E;
const [form, status, bar, curve, samples] = [
  byId<HTMLFormElement>("form"),
  byId("status"),
  byId<HTMLProgressElement>("bar"),
  byId("curve"),
  byId("samples"),
];
const [attention, norm] = [byId<HTMLSelectElement>("attention"), byId<HTMLSelectElement>("norm")];
const [steps, file] = [byId<HTMLInputElement>("steps"), byId<HTMLInputElement>("file")];
attention.append(...Object.keys(ATTENTIONS).map((name) => h("option", {}, name)));

/** `?length=16&width=16` makes it smaller. */
const asked = new URLSearchParams(location.search);
const sizes = Object.fromEntries(
  Object.entries(SIZES).map(([name, size]) => [name, Number(asked.get(name) ?? size)]),
) as typeof SIZES;

let worker: Worker | null = null;
let losses: { readonly step: number; readonly loss: number }[] = [];

const [WIDTH, HEIGHT, EDGE] = [640, 240, 34];
const draw = (): void => {
  const last = Math.max(10, losses.at(-1)?.step ?? 0);
  const [first] = losses;
  const top = Math.max(1, ...losses.map((l) => l.loss));
  const x = (step: number): number => EDGE + ((WIDTH - EDGE - 8) * step) / last;
  const y = (loss: number): number => 8 + (HEIGHT - EDGE) * (1 - loss / top);
  const ticks = Array.from({ length: Math.floor(top) + 1 }, (_, n) =>
    svg(
      "g",
      {},
      svg("line", { x1: EDGE, x2: WIDTH - 8, y1: y(n), y2: y(n), class: "grid" }),
      svg("text", { x: EDGE - 6, y: y(n) + 4, "text-anchor": "end" }, String(n)),
    ),
  );
  const points = losses.map((l) => `${x(l.step).toFixed(1)},${y(l.loss).toFixed(1)}`).join(" ");
  const said =
    first === undefined ? "no steps" : `loss from ${first.loss.toFixed(2)} to ${losses.at(-1)!.loss.toFixed(2)}`;
  curve.replaceChildren(
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said },
      ...ticks,
      svg("text", { x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" }, `step ${last}`),
      svg("polyline", { points, class: "loss" }),
    ),
  );
};

const working = (is: boolean): void => {
  document.body.dataset["working"] = String(is);
  byId<HTMLButtonElement>("start").disabled = is;
  byId<HTMLButtonElement>("stop").disabled = !is;
  byId<HTMLButtonElement>("resume").disabled = is || worker === null;
  byId<HTMLButtonElement>("save").disabled = is || worker === null;
};

const hear = ({ data }: MessageEvent<Reply>): void => {
  switch (data.kind) {
    case "ready":
      byId("words").textContent = `${data.attention}: ${data.words}`;
      return;
    case "step":
      losses.push({ step: data.step, loss: data.loss });
      bar.value = data.part;
      status.textContent = `step ${data.step}, loss ${data.loss.toFixed(4)}`;
      requestAnimationFrame(draw);
      return;
    case "sample":
      samples.prepend(h("li", {}, h("b", {}, `step ${data.step} `), data.text));
      return;
    case "stopped":
      status.textContent = `stopped after step ${data.step}`;
      return working(false);
    case "saved": {
      const url = URL.createObjectURL(new Blob([data.file]));
      h("a", { href: url, download: "run.tfxrun" }).click();
      return;
    }
    case "failed":
      status.textContent = `failed: ${data.why}`;
      return working(false);
  }
};
const tell = (request: Request): void => worker?.postMessage(request);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void (async () => {
    worker?.terminate();
    worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", hear);
    losses = [];
    draw();
    working(true);
    status.textContent = "compiling";
    const [chosen] = file.files ?? [];
    tell({
      kind: "start",
      config: { attention: attention.value as AttentionName, norm: norm.value as Config["norm"], sizes },
      steps: Number(steps.value),
      checkpoint: chosen === undefined ? null : new Uint8Array(await chosen.arrayBuffer()),
    });
  })();
});
byId("stop").addEventListener("click", () => tell({ kind: "stop" }));
byId("resume").addEventListener("click", () => {
  working(true);
  tell({ kind: "resume", steps: Number(steps.value) });
});
byId("save").addEventListener("click", () => tell({ kind: "save" }));
draw();
working(false);
