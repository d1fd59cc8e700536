/** What the compose page asks before something happens to its draft: whether to send it, when, whether to delete it. One at a time. */
import { html } from "lit";
import type { Hub } from "../hub";
import type { Directory } from "../logic/directory";
import { toMessage } from "../logic/draft";
import type { OpenDraft } from "../logic/open-draft";
import { sentence } from "../logic/problems";
import { translate } from "../strings";
import { reviewQuestion } from "./compose-review";
import { deleteQuestion, unscheduleQuestion } from "./draft-questions";
import type { Reach } from "./reach";
import { scheduleQuestion } from "./schedule-question";
import { Scheduling, type SchedulingHost } from "./scheduling";
import { Sender } from "./sender";

export interface QuestionsHost extends SchedulingHost, EventTarget {
  readonly hub: Hub;
  readonly directory: Directory;
  readonly reach: Reach;
}

type Asking = "send" | "unschedule" | "delete";

export class ComposeQuestions {
  readonly #host: QuestionsHost;
  readonly #sender: Sender;
  readonly #scheduling: Scheduling;
  #asking: Asking | null = null;
  /** Why what was asked did not happen. */
  #failure = "";

  constructor(host: QuestionsHost) {
    this.#host = host;
    this.#sender = new Sender(host);
    this.#scheduling = new Scheduling(host);
  }

  /** Whether the last attempt to send got no answer: the message may or may not have been sent. */
  get isUnanswered(): boolean {
    return this.#sender.isUnanswered && !this.#sender.isSending;
  }

  ask(asking: Asking): void {
    this.#show(asking);
  }

  askTime(opened: OpenDraft): void {
    this.#scheduling.ask(opened);
  }

  close(): void {
    this.#show(null);
    this.#scheduling.close();
  }

  render(opened: OpenDraft) {
    const { hub, directory, reach } = this.#host;
    const message = toMessage(opened.draft);
    const reviewed = { message, hub, directory, reach };
    const failure = this.#failure;
    const cancel = () => this.#show(null);
    const about = (asking: Asking) =>
      this.#asking === asking ? { title: opened.draft.title, send_at: opened.kept?.send_at ?? null } : null;
    return html`${scheduleQuestion(this.#scheduling.question, reviewed)}
      ${reviewQuestion({
        ...reviewed,
        isOpen: this.#asking === "send",
        sender: this.#sender,
        failure,
        confirm: () => void this.#send(opened),
        cancel: this.#stop,
      })}
      ${unscheduleQuestion({ about: about("unschedule"), failure, confirm: () => void this.#unschedule(opened), cancel })}
      ${deleteQuestion({ about: about("delete"), failure, confirm: () => void this.#delete(opened), cancel })}`;
  }

  async #send(opened: OpenDraft): Promise<void> {
    this.#show("send");
    const { message, error } = await this.#sender.send(() => opened.send());
    if (message) this.#fire("message-sent", message);
    else if (opened.conflict || opened.elsewhere) this.#show(null);
    else if (this.#sender.isUnanswered) {
      const reason = sentence(error);
      if (this.#asking === "send") this.#show("send", translate("compose_failed", { reason }));
    } else {
      this.#show(null);
      this.#host.refuse(error);
    }
  }

  readonly #stop = () => {
    this.#sender.stop();
    this.#show(null);
  };

  async #unschedule(opened: OpenDraft): Promise<void> {
    await this.#try("unschedule", async () => {
      await opened.unschedule();
      this.#show(null);
      await this.#host.focusOn("title");
    });
  }

  async #delete(opened: OpenDraft): Promise<void> {
    await this.#try("delete", async () => {
      await opened.remove();
      this.#fire("draft-deleted");
    });
  }

  async #try(asking: Asking, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#show(asking, sentence(error));
    }
  }

  #show(asking: Asking | null, failure = ""): void {
    this.#asking = asking;
    this.#failure = failure;
    this.#host.requestUpdate();
  }

  #fire(name: string, detail?: unknown): void {
    this.#host.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
