/** `auto` is what the system says. */
export type Theme = "auto" | "light" | "dark";

const KEY = "third-umpire-theme";
const DARK = "(prefers-color-scheme: dark)";

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "auto";
  } catch {
    return "auto"; // storage may be forbidden; the toggle then lasts as long as the page
  }
}

/** Shows the page in this theme, and keeps it for the next visit. */
export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // See above.
  }
}

/** Calls back when another theme is seen, by the toggle or by the system. Returns how to stop. */
export function onThemeChange(changed: () => void): () => void {
  const system = matchMedia(DARK);
  system.addEventListener("change", changed);
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => {
    system.removeEventListener("change", changed);
    observer.disconnect();
  };
}
