/** Schedules the open draft: asks when, and says why it was refused. */
import { html, type ReactiveController, type ReactiveControllerHost } from "lit";
import type { Schedule } from "../../api";
import type { OpenDraft } from "../logic/open-draft";
import { sentence } from "../logic/problems";
import "./schedule-question";

export class Scheduling implements ReactiveController {
  #isBusy = false;
  #failure = "";
  readonly #host: ReactiveControllerHost;
  readonly #done: () => void;

  /** `done`: the question was answered or cancelled. */
  constructor(host: ReactiveControllerHost, done: () => void) {
    this.#host = host;
    this.#done = done;
    host.addController(this);
  }

  hostConnected(): void {
    this.#failure = "";
  }

  question(isOpen: boolean, opened: OpenDraft) {
    return html`<hub-schedule-question
      .open=${isOpen}
      .busy=${this.#isBusy}
      .error=${this.#failure}
      @schedule=${(event: CustomEvent<Schedule>) => void this.#schedule(opened, event.detail)}
      @cancel=${() => this.#end()}
    ></hub-schedule-question>`;
  }

  async #schedule(opened: OpenDraft, schedule: Schedule): Promise<void> {
    this.#failure = "";
    this.#isBusy = true;
    this.#host.requestUpdate();
    try {
      await opened.schedule(schedule);
      this.#end();
    } catch (error) {
      this.#failure = sentence(error);
      if (opened.conflict || opened.elsewhere) this.#end();
    } finally {
      this.#isBusy = false;
      this.#host.requestUpdate();
    }
  }

  #end(): void {
    this.#failure = "";
    this.#done();
  }
}
