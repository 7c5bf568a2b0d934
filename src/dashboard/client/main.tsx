import { render } from "preact";
import { fetchWant, API } from "./net/fetcher.ts";
import { followEvents } from "./net/events.ts";
import { choiceOf } from "./state/choice.ts";
import { Store } from "./store.ts";
import { applyTheme, storedTheme } from "./theme.ts";
import { App } from "./view/app.tsx";

const root = document.getElementById("app");
if (root === null) throw new Error("the page has no #app");

applyTheme(storedTheme());

const store = new Store(choiceOf(location.hash), draw, fetchWant);

function draw(): void {
  // The server was replaced by one that speaks another version: its own page understands it.
  if (store.state.outdated) location.reload();
  else if (root !== null) render(<App state={store.state} dispatch={store.dispatch} />, root);
}

window.addEventListener("hashchange", () => {
  const choice = choiceOf(location.hash);
  if (choice !== null) store.dispatch({ type: "choose", choice });
});

draw();
void followEvents({
  url: `${API}/events`,
  onEvent: (event) => store.dispatch({ type: "event", event }),
  onLost: (attempt, waitMs) => store.dispatch({ type: "connection-lost", attempt, retryAt: Date.now() + waitMs }),
  onTry: () => store.dispatch({ type: "connection-tried" }),
});
