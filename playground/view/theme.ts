/** Light, dark, or as the system: kept on this device, not in links. */
import { byId } from "../dom.ts";

const NEXT: Readonly<Record<string, string>> = { "": "light", light: "dark", dark: "" };
const WORDS: Readonly<Record<string, string>> = { "": "Auto", light: "Light", dark: "Dark" };
const KEY = "tfx-theme";

export const createTheme = (): void => {
  const button = byId("theme");
  const root = document.documentElement;
  const show = (): void => {
    const theme = root.dataset["theme"] ?? "";
    button.textContent = WORDS[theme] ?? "Auto";
    button.setAttribute("aria-label", `Theme: ${theme === "" ? "as the system" : theme}`);
  };
  button.addEventListener("click", () => {
    const theme = NEXT[root.dataset["theme"] ?? ""] ?? "";
    if (theme === "") delete root.dataset["theme"];
    else root.dataset["theme"] = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A page without storage forgets the theme.
    }
    show();
  });
  show();
};
