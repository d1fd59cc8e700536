/**
 * What the bell needs of a custom element: properties, of which some are attributes too, and one rendering after several changes. LitElement
 * does this and more at five times the size, in a file that every page loads (decision 0009).
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { render } from "lit/html.js";

type Values = Record<string, unknown>;

export abstract class ReactiveElement extends HTMLElement implements ReactiveControllerHost {
  /** Attributes that are properties too: `stream-url` is `streamUrl`. */
  static readonly observedAttributes: readonly string[] = [];
  /** Properties without an attribute. */
  static readonly properties: readonly string[] = [];

  readonly renderRoot = this.attachShadow({ mode: "open" });
  /** Resolves after the next rendering. */
  updateComplete = Promise.resolve(true);

  readonly #controllers: ReactiveController[] = [];
  readonly #values: Values = {};
  /** What the page set before the script defined the element; more than its attributes say. */
  #early: Values = {};
  #changed = new Set(propertiesOf(this.constructor as typeof ReactiveElement));
  /** It renders for the first time once it is in a page. */
  #isStarted = false;
  #isWaiting = false;

  constructor(styles: CSSStyleSheet[]) {
    super();
    this.renderRoot.adoptedStyleSheets = styles;
    for (const name of this.#changed) this.#define(name);
  }

  #define(name: string): void {
    const early = (this as unknown as Values)[name];
    if (early !== undefined) this.#early[name] = early;
    Object.defineProperty(this, name, {
      enumerable: true,
      get: () => this.#values[name],
      set: (value: unknown) => {
        if (this.#values[name] === value) return;
        this.#values[name] = value;
        this.#changed.add(name);
        this.requestUpdate();
      },
    });
  }

  attributeChangedCallback(attribute: string, _: string | null, value: string | null): void {
    (this as unknown as Values)[propertyOf(attribute)] = value;
  }

  connectedCallback(): void {
    this.#isStarted = true;
    Object.assign(this, this.#early);
    this.#early = {};
    this.requestUpdate();
    for (const controller of this.#controllers) controller.hostConnected?.();
  }

  disconnectedCallback(): void {
    for (const controller of this.#controllers) controller.hostDisconnected?.();
  }

  addController(controller: ReactiveController): void {
    this.#controllers.push(controller);
  }

  removeController(controller: ReactiveController): void {
    this.#controllers.splice(this.#controllers.indexOf(controller), 1);
  }

  requestUpdate(): void {
    if (!this.#isStarted || this.#isWaiting) return;
    this.#isWaiting = true;
    this.updateComplete = this.#update();
  }

  async #update(): Promise<boolean> {
    await Promise.resolve();
    const changed = this.#changed;
    try {
      this.willUpdate(changed);
      for (const controller of this.#controllers) controller.hostUpdate?.();
      render(this.render(), this.renderRoot);
    } finally {
      this.#changed = new Set();
      this.#isWaiting = false;
    }
    for (const controller of this.#controllers) controller.hostUpdated?.();
    this.updated();
    return true;
  }

  /** Before each rendering; `changed` has the names of the properties that were set since the last one. */
  protected abstract willUpdate(changed: ReadonlySet<string>): void;
  protected abstract render(): unknown;
  protected abstract updated(): void;
}

/** The names of all properties of a class. */
export function propertiesOf({ properties, observedAttributes }: typeof ReactiveElement): string[] {
  return [...properties, ...observedAttributes.map(propertyOf)];
}

function propertyOf(attribute: string): string {
  return attribute.replace(/-./, (match) => match.slice(1).toUpperCase());
}
