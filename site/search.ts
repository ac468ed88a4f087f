/** What the pages do: search, theme, the menu of narrow screens. Runs in the browser. */
import MiniSearch from "minisearch";

/** A part of a page, as `search.json` has it. */
export type Found = { readonly url: string; readonly page: string; readonly title: string; readonly text: string };

const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id}`);
  return found;
};

const ROOT = document.body.dataset["root"] ?? "";

const load = async (): Promise<MiniSearch<Found & { readonly id: number }>> => {
  const response = await fetch(`${ROOT}assets/search.json`);
  const parts = (await response.json()) as readonly Found[];
  const index = new MiniSearch<Found & { readonly id: number }>({
    fields: ["title", "page", "text"],
    storeFields: ["url", "page", "title", "text"],
    searchOptions: {
      boost: { title: 4, page: 2 },
      prefix: (term) => term.length > 2,
      fuzzy: (term) => (term.length > 5 ? 0.15 : 0),
      combineWith: "AND",
    },
  });
  index.addAll(parts.map((p, id) => ({ ...p, id })));
  return index;
};

/** Words around the first that was found. */
const excerpt = (text: string, terms: readonly string[]): string => {
  const low = text.toLowerCase();
  const at = Math.max(0, Math.min(...terms.map((t) => low.indexOf(t)).filter((n) => n >= 0), text.length) - 50);
  const start = at === 0 || at >= text.length ? 0 : text.indexOf(" ", at) + 1;
  return `${start > 0 ? "… " : ""}${text.slice(start, start + 150)}${text.length > start + 150 ? " …" : ""}`;
};

const dialog = byId("site-search") as HTMLDialogElement;
const words = byId("site-words") as HTMLInputElement;
const list = byId("site-found");
let index: ReturnType<typeof load> | null = null;
let at = 0;

const mark = (n: number): void => {
  const links = [...list.querySelectorAll("a")];
  at = Math.max(0, Math.min(n, links.length - 1));
  links.forEach((a, k) => a.classList.toggle("at", k === at));
  links[at]?.scrollIntoView({ block: "nearest" });
};

const show = async (): Promise<void> => {
  const text = words.value.trim();
  if (text === "") return list.replaceChildren();
  const found = (await (index ??= load())).search(text).slice(0, 30);
  if (text !== words.value.trim()) return;
  const entries = found.map((f) => {
    const { url, page, title, text: whole } = f as unknown as Found;
    const a = document.createElement("a");
    a.href = ROOT + url;
    const head = document.createElement("strong");
    head.textContent = title === "" || title === page ? page : `${page}: ${title}`;
    const body = document.createElement("span");
    body.textContent = excerpt(whole, f.terms);
    a.append(head, body);
    const item = document.createElement("li");
    item.append(a);
    return item;
  });
  const none = document.createElement("li");
  none.className = "none";
  none.textContent = "Nothing has all of these words.";
  list.replaceChildren(...(entries.length === 0 ? [none] : entries));
  mark(0);
};

const open = (): void => {
  dialog.showModal();
  words.select();
  void (index ??= load());
};
byId("site-open-search").addEventListener("click", open);
words.addEventListener("input", () => void show());
words.addEventListener("keydown", (e) => {
  if (e.key === "ArrowDown") mark(at + 1);
  else if (e.key === "ArrowUp") mark(at - 1);
  else if (e.key === "Enter") list.querySelectorAll("a")[at]?.click();
  else return;
  e.preventDefault();
});
list.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (e) => {
  if (e.target === dialog) dialog.close();
});
document.addEventListener("keydown", (e) => {
  const typing = e.target instanceof HTMLInputElement || e.target instanceof HTMLTextAreaElement;
  if ((e.key === "/" && !typing && !e.ctrlKey && !e.metaKey) || (e.key === "k" && (e.ctrlKey || e.metaKey))) {
    e.preventDefault();
    if (!dialog.open) open();
  }
});

const menu = byId("site-menu");
byId("site-open-menu").addEventListener("click", ({ currentTarget }) => {
  const now = menu.classList.toggle("open");
  (currentTarget as HTMLElement).setAttribute("aria-expanded", String(now));
});
menu.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });

const NEXT: Readonly<Record<string, string>> = { "": "light", light: "dark", dark: "" };
const WORDS: Readonly<Record<string, string>> = { "": "Auto", light: "Light", dark: "Dark" };
const theme = byId("site-theme");
const showTheme = (): void => {
  const now = document.documentElement.dataset["theme"] ?? "";
  theme.textContent = WORDS[now] ?? "Auto";
  theme.setAttribute("aria-label", `Theme: ${now === "" ? "as the system" : now}`);
};
theme.addEventListener("click", () => {
  const next = NEXT[document.documentElement.dataset["theme"] ?? ""] ?? "";
  if (next === "") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  try {
    localStorage.setItem("tfx-theme", next);
  } catch {
    // A page without storage forgets the theme.
  }
  showTheme();
});
showTheme();
