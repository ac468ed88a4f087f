/** What the compiler says about the text, in a list below it; a click goes to the place, a button mends it. */
import { h, prose } from "../dom.ts";
import type { Message } from "../protocol.ts";

export type MessageList = { readonly show: (messages: readonly Message[]) => void };

export const createMessages = (
  list: HTMLElement,
  on: {
    readonly go: (m: Message) => void;
    readonly mend: (m: Message) => void;
    readonly fixSize: (name: string) => void;
  },
): MessageList => ({
  show: (messages) => {
    const items = messages.map((m) => {
      const what = h(
        "span",
        { class: "what", onclick: () => on.go(m) },
        h("span", { class: "code" }, m.code),
        ...prose(m.text),
      );
      const item = h("li", { class: m.severity }, what);
      if (m.fix !== null)
        item.append(h("button", { type: "button", onclick: () => on.mend(m) }, m.fix.title.replaceAll("`", "")));
      for (const size of m.sizes)
        item.append(h("button", { type: "button", onclick: () => on.fixSize(size) }, `fix ${size}`));
      if (m.help !== null) item.append(h("div", { class: "help" }, m.help));
      return item;
    });
    list.replaceChildren(...(items.length === 0 ? [h("li", { class: "info" }, "No messages.")] : items));
  },
});
