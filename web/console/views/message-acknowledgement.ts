/** How far a message is acknowledged: reads it again and again while its page is shown, and draws it there. */
import { html, nothing, type ReactiveControllerHost } from "lit";
import { type AcknowledgementSummary, type Message, Problem } from "../../api";
import type { Hub } from "../hub";
import { levelsOf } from "../logic/acknowledging";
import type { Directory } from "../logic/directory";
import type { Filter } from "../logic/routes";
import "./acknowledgement-card";
import "./acknowledgement-tree";
import "./acknowledging-people";
import type { AcknowledgingPeople } from "./acknowledging-people";
import { Poller } from "./poller";

const REFRESH_MS = 10_000;

interface Host extends ReactiveControllerHost {
  readonly hub: Hub;
  readonly directory: Directory;
  readonly renderRoot: ParentNode;
}

export class MessageAcknowledgement {
  readonly #host: Host;
  readonly #poller: Poller;
  #id: string | null = null;
  /** Null until it is known. */
  #summary: AcknowledgementSummary | null = null;
  /** Why it is not known. */
  #error: unknown = null;

  constructor(host: Host) {
    this.#host = host;
    this.#poller = new Poller(host, (signal) => this.#read(signal));
  }

  /** `message`: what is shown, if it is known. */
  follow(message: Message | null): void {
    const id = message?.acknowledgement ? message.id : null;
    if (id === this.#id) return;
    this.#id = id;
    this.#summary = this.#error = null;
    if (id === null) this.#poller.stop();
    else this.#poller.start();
  }

  card(message: Message) {
    if (!message.acknowledgement) return nothing;
    const { hub, directory } = this.#host;
    return html`<hub-acknowledgement-card
      .hub=${hub}
      .message=${message}
      .summary=${this.#summary}
      .error=${this.#error}
      ?is-part=${directory.level !== "platform"}
      @retry=${this.#retry}
    ></hub-acknowledgement-card>`;
  }

  /** The tree, and one list of people: who has acknowledged has read. */
  lists(message: Message) {
    const { hub, directory } = this.#host;
    const summary = this.#summary;
    return html`${
      summary === null
        ? nothing
        : html`<hub-acknowledgement-tree
          .hub=${hub}
          .messageId=${message.id}
          .summary=${summary}
          @scope-chosen=${this.#showScope}
        ></hub-acknowledgement-tree>`
    }
      <hub-acknowledging-people
        .hub=${hub}
        .directory=${directory}
        .message=${message}
        .summary=${summary}
      ></hub-acknowledging-people>`;
  }

  readonly #showScope = ({ detail }: CustomEvent<NonNullable<Filter>>) => {
    const people = this.#host.renderRoot.querySelector<AcknowledgingPeople>("hub-acknowledging-people");
    void people?.showScope(detail);
  };

  readonly #retry = () => {
    this.#error = null;
    this.#host.requestUpdate();
    this.#poller.start();
  };

  async #read(signal: AbortSignal): Promise<number | null> {
    const id = this.#id;
    if (id === null) return null;
    const { hub, directory } = this.#host;
    try {
      const levels = levelsOf(directory);
      const read = await Promise.all(levels.map((by) => hub.acknowledgements.getSummary(id, by, signal)));
      const [first] = read;
      if (first && id === this.#id) this.#summary = { ...first, data: read.flatMap(({ data }) => data) };
      this.#error = null;
    } catch (error) {
      if (signal.aborted) throw error;
      // What is shown stays, and says how old it is.
      if (this.#summary !== null && error instanceof Problem && error.isPassing) throw error;
      this.#error = error;
      return null;
    } finally {
      this.#host.requestUpdate();
    }
    return REFRESH_MS;
  }
}
