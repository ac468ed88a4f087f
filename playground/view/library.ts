/** The library: a list to search by title, name, file, paper. */
import { byId, h } from "../dom.ts";
import type { Entry } from "../protocol.ts";

const MOST = 250;

export const createLibrary = (load: () => Promise<readonly Entry[]>, chosen: (entry: Entry) => void): void => {
  const dialog = byId<HTMLDialogElement>("library");
  const search = byId<HTMLInputElement>("search");
  const list = byId("entries");
  let all: readonly Entry[] = [];
  const draw = (): void => {
    const words = search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((w) => w !== "");
    const found = all.filter((e) => {
      const text = `${e.doc} ${e.kernel} ${e.file}`.toLowerCase();
      return words.every((w) => text.includes(w));
    });
    list.replaceChildren(
      ...(found.length === 0 ? [h("li", { class: "none" }, "Nothing in the library has these words.")] : []),
      ...found.slice(0, MOST).map((e) => {
        const choose = (): void => {
          dialog.close();
          chosen(e);
        };
        const file = e.file.replace("std/", "");
        const where = file.endsWith(`/${e.kernel}`) ? file : `${file} · ${e.kernel}`;
        return h("li", {}, h("button", { type: "button", onclick: choose }, e.title, h("small", {}, where)));
      }),
    );
  };
  const buttons = (): readonly HTMLElement[] => [...list.querySelectorAll("button")];
  search.addEventListener("input", draw);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") buttons()[0]?.focus();
    if (event.key !== "Enter") return;
    event.preventDefault();
    buttons()[0]?.click();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = buttons().indexOf(document.activeElement as HTMLElement) + step;
    (at < 0 ? search : buttons()[at])?.focus();
  });
  byId("open-library").addEventListener("click", () => {
    dialog.showModal();
    search.select();
    draw();
    if (all.length > 0) return;
    void load().then((entries) => {
      all = entries;
      draw();
    });
  });
};
