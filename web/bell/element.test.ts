import { html } from "lit/html.js";
import { afterEach, expect, it } from "vitest";
import { ReactiveElement } from "./element";

const updates: string[][] = [];

class Probe extends ReactiveElement {
  static override readonly observedAttributes = ["label", "home-url"];
  static override readonly properties = ["ask"];

  declare label: string | null;
  declare homeUrl: string | null;
  declare ask: (() => string) | undefined;

  constructor() {
    super([]);
    this.label ??= "none";
  }

  protected override willUpdate(changed: ReadonlySet<string>): void {
    updates.push([...changed]);
  }

  protected override render() {
    return html`${this.label} ${this.homeUrl} ${this.ask?.()}`;
  }

  protected override updated(): void {}
}

const text = (probe: Element) => probe.shadowRoot?.textContent?.trim().replace(/\s+/g, " ");

afterEach(() => {
  document.body.replaceChildren();
  updates.length = 0;
});

it("takes what its page has set before the script was there", async () => {
  const early = Object.assign(document.createElement("late-probe"), { label: "early", ask: () => "asked" });
  document.body.append(early);
  customElements.define("late-probe", class extends Probe {});
  customElements.upgrade(early);
  await (early as Probe).updateComplete;
  expect(text(early)).toBe("early asked");
  Object.assign(early, { label: "later" });
  await (early as Probe).updateComplete;
  expect(text(early)).toBe("later asked");
});

it("renders once after several changes, and not at all before it is in a page or without a change", async () => {
  customElements.define("a-probe", Probe);
  const probe = document.createElement("a-probe") as Probe;
  await probe.updateComplete;
  expect(updates).toEqual([]);
  document.body.append(probe);
  await probe.updateComplete;
  expect(text(probe)).toBe("none");
  probe.setAttribute("label", "one");
  probe.homeUrl = "/two";
  await probe.updateComplete;
  expect(text(probe)).toBe("one /two");
  expect(updates.slice(1)).toEqual([["label", "homeUrl"]]);
  probe.label = "one";
  await probe.updateComplete;
  expect(updates).toHaveLength(2);
});
