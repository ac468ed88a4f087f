/** The page: one state, one worker, panes that show what it says. */
import { TARGETS } from "../src/base/target.ts";
import { createClient } from "./client.ts";
import { byId, h } from "./dom.ts";
import { EXAMPLES } from "./examples.ts";
import { createEditor } from "./editor.ts";
import { placeAt, placesIn } from "./link.ts";
import type { Checked, Compilation, Compiled, Places, State } from "./protocol.ts";
import { fromHash, keptOf, START, toHash } from "./state.ts";
import { createCompare } from "./view/compare.ts";
import { createControls } from "./view/controls.ts";
import { createDerivation } from "./view/derivation.ts";
import { createLibrary } from "./view/library.ts";
import { createLines } from "./view/lines.ts";
import { createMessages } from "./view/messages.ts";
import { createPictures } from "./view/pictures.ts";
import { createRun } from "./view/run.ts";
import { createTabs } from "./view/tabs.ts";
import { createTargets } from "./view/targets.ts";
import { createTheme } from "./view/theme.ts";
import { createValues } from "./view/values.ts";

const status = byId("status");
const linked = await fromHash(location.hash);
/** Said until something is changed. */
let complaint = linked === null ? "the link is damaged, this is the start; " : "";
let state: State = linked ?? START;
let places: Places = [];
/** What the mouse points at, and what the caret is in: the first wins. */
let [pointed, caret]: [Places, Places] = [[], []];

/** The link follows the state, a moment later. */
let saving = 0;
const save = (): void => {
  clearTimeout(saving);
  saving = window.setTimeout(() => {
    void toHash(state).then((hash) => history.replaceState(null, "", hash === "" ? location.pathname : `#${hash}`));
  }, 200);
};

const update = (change: (before: State) => State): void => {
  const before = state;
  complaint = "";
  state = change(before);
  save();
  if (state.text !== before.text || state.kernel !== before.kernel || state.values !== before.values) run.clear();
  client.edit(state);
};

const light = (source: string): void => {
  const looked = pointed.length > 0 ? pointed : caret;
  editor.light(source === "editor" ? [] : pointed);
  derivation.light(looked);
  pictures.light(looked);
  for (const [name, pane] of Object.entries(code)) pane.light(looked, name === source);
};
let waiting = 0;
const look = (source: string, at: Places): void => {
  if (pointed.join(";") === at.join(";")) return;
  pointed = at;
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => light(source));
};

const code = {
  wgsl: createLines((at) => look("wgsl", at)),
  tile: createLines((at) => look("tile", at)),
  plan: createLines((at) => look("plan", at)),
};
const derivation = createDerivation((at) => look("derivation", at));
const pictures = createPictures(
  (at) => look("pictures", at),
  (length) => update((s) => ({ ...s, length })),
);
const values = createValues((chosen) => {
  state = { ...state, ...chosen };
  save();
  refresh();
});
pictures.element.append(h("div", { class: "cards" }, values.element));
const targets = createTargets(Object.keys(TARGETS), {
  ask: async (target) => (await client.target({ ...state, target })).row,
  choose: (target) => {
    update((s) => ({ ...s, target }));
    controls.showTarget(target);
  },
  now: () => state.target,
});
const run = createRun(() => state);
const compare = createCompare({
  ask: () => {
    const { kept } = state;
    return kept === null ? null : client.compare(state, { ...state, ...kept }).then((reply) => reply.comparison);
  },
  keep: () => {
    state = { ...state, kept: keptOf(state) };
    save();
    refresh();
  },
  swap: () => {
    const { kept } = state;
    if (kept === null) return;
    state = { ...state, ...kept, kept: keptOf(state) };
    editor.setText(state.text);
    controls.showTarget(state.target);
    update((s) => ({ ...s }));
  },
});

/** What is asked for only while someone looks at it. */
const refresh = (): void => {
  const [open] = state.panes;
  if (open === "targets") targets.refresh();
  if (open === "compare") compare.refresh();
  if (open === "pictures") void client.values(state).then((reply) => values.show(reply.values));
};

const show = (c: Compilation): void => {
  places = placesIn(c);
  derivation.show(c);
  pictures.show(c, state.length);
  code.plan.show(c.panes.plan);
  code.tile.show(c.panes.tile);
  code.wgsl.show(c.panes.wgsl);
};

const controls = createControls(Object.keys(TARGETS), update);
const columns = [byId("left"), byId("right")] as const;

const checked = (reply: Checked): void => {
  editor.showMessages(reply.messages);
  if (reply.kernels.length > 0) controls.showKernels(reply.kernels, reply.kernel);
};
const compiled = (reply: Compiled): void => {
  editor.showMessages(reply.messages);
  messages.show(reply.messages);
  const { compilation } = reply;
  for (const c of columns) c.classList.toggle("stale", compilation === null);
  if (reply.parameters.length + reply.types.length > 0) controls.showParameters(reply.parameters, reply.types);
  status.textContent = `${complaint}${compilation === null ? "as it last compiled" : `compiled in ${Math.round(reply.ms)} ms`}`;
  document.body.dataset["compiled"] = String(compilation !== null);
  if (compilation === null) return;
  pointed = [];
  caret = [];
  show(compilation);
  refresh();
};

const client = createClient(
  (reply) => (reply.kind === "checked" ? checked(reply) : compiled(reply)),
  (message) => {
    status.textContent = `the compiler failed: ${message}`;
  },
);
const editor = createEditor(byId("editor"), state.text, client, {
  changed: (text) => update((s) => ({ ...s, text })),
  pointed: (offset) => look("editor", offset === null ? [] : placeAt(places, offset)),
  caret: (offset) => {
    caret = placeAt(places, offset);
    light("editor");
  },
  run: () => {
    tabs[0].open("run");
    run.start();
  },
});
const messages = createMessages(byId("messages"), {
  go: (m) => editor.go(m.from, m.to),
  mend: (m) => editor.mend(m),
  fixSize: (name) => update((s) => ({ ...s, fixed: [...new Set([...s.fixed, name])] })),
});
const chosen = (n: 0 | 1) => (id: string) => {
  state = { ...state, panes: n === 0 ? [id, state.panes[1]] : [state.panes[0], id] };
  save();
  refresh();
};
const tabs = [
  createTabs(
    columns[0],
    [
      { id: "derivation", title: "Derivation", element: derivation.element },
      { id: "pictures", title: "Pictures", element: pictures.element },
      { id: "run", title: "Run", element: run.element },
      { id: "targets", title: "Targets", element: targets.element },
      { id: "compare", title: "Compare", element: compare.element },
    ],
    chosen(0),
  ),
  createTabs(
    columns[1],
    [
      { id: "wgsl", title: "WGSL", element: code.wgsl.element },
      { id: "tile", title: "Tile program", element: code.tile.element },
      { id: "plan", title: "Plan", element: code.plan.element },
    ],
    chosen(1),
  ),
] as const;

/** Another text in place of this one; the settings begin anew. */
const load = (text: string, kernel: string | null): void => {
  // The library calls the features of values E: told to the compiler, one kernel writes a whole row of them.
  state = { ...START, panes: state.panes, target: state.target, kept: state.kept, fixed: ["E"], text, kernel };
  editor.setText(text);
  update((s) => ({ ...s, kernel }));
};

createTheme();
createLibrary(
  async () => (await client.library(EXAMPLES)).entries,
  (entry) => load(entry.text, entry.kernel),
);
byId("copy-link").addEventListener("click", ({ currentTarget }) => {
  const button = currentTarget as HTMLElement;
  const said = (text: string): void => {
    button.textContent = text;
    setTimeout(() => (button.textContent = "Copy link"), 1500);
  };
  void toHash(state).then(async (hash) => {
    const url = `${location.origin}${location.pathname}#${hash}`;
    history.replaceState(null, "", url);
    // Pages that were not sent safely have no clipboard.
    const { clipboard } = navigator as Partial<Navigator>;
    await (clipboard?.writeText(url) ?? Promise.reject(new Error("no clipboard"))).then(
      () => said("Copied"),
      () => said("See address"),
    );
  });
});

tabs[0].open(state.panes[0]);
tabs[1].open(state.panes[1]);
controls.showTarget(state.target);
client.edit(state);
