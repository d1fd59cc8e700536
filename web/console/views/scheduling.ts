/** Asks when the open draft is to be sent, and has it sent then; says at its field what is wrong with the time. */
import type { ReactiveControllerHost } from "lit";
import type { OpenDraft } from "../logic/open-draft";
import { mistakes, sentence } from "../logic/problems";
import { type Choice, type ChoiceErrors, choiceErrors, startingChoice, toSchedule } from "../logic/schedules";
import { translate } from "../strings";
import type { ScheduleQuestion } from "./schedule-question";

export interface SchedulingHost extends ReactiveControllerHost {
  /** Shows what the hub has against the message. */
  refuse(error: unknown): void;
  /** Moves the focus there after the next update. */
  focusOn(id: string): Promise<void>;
}

export class Scheduling {
  readonly #host: SchedulingHost;
  #isAsking = false;
  /** The draft for which the time was chosen. */
  #draft: OpenDraft | null = null;
  #choice: Choice = startingChoice(null, new Date());
  #errors: ChoiceErrors = {};
  #failure = "";
  #isBusy = false;

  constructor(host: SchedulingHost) {
    this.#host = host;
  }

  /** Null while nothing is asked. */
  get question(): ScheduleQuestion | null {
    const opened = this.#draft;
    if (!this.#isAsking || !opened) return null;
    return {
      choice: this.#choice,
      errors: this.#errors,
      failure: this.#failure,
      isBusy: this.#isBusy,
      change: (change) => {
        this.#choice = { ...this.#choice, ...change };
        this.#say({});
      },
      confirm: () => void this.#schedule(opened),
      cancel: () => this.close(),
    };
  }

  ask(opened: OpenDraft): void {
    // Of a message that is corrected in between the chosen time stays.
    const isChosen = opened === this.#draft && opened.state !== "scheduled";
    if (!isChosen) this.#choice = startingChoice(opened.kept, new Date());
    this.#draft = opened;
    this.#isAsking = true;
    this.#say({});
  }

  close(): void {
    this.#isAsking = false;
    this.#say({});
  }

  async #schedule(opened: OpenDraft): Promise<void> {
    const schedule = toSchedule(this.#choice);
    if (!schedule) return this.#point({ local: translate("schedule_no_time") });
    this.#isBusy = true;
    this.#say({});
    try {
      await opened.schedule(schedule);
      this.close();
      void this.#host.focusOn("scheduled");
    } catch (error) {
      this.#explain(opened, error);
    } finally {
      this.#isBusy = false;
      this.#host.requestUpdate();
    }
  }

  #explain(opened: OpenDraft, error: unknown): void {
    const errors = choiceErrors(error);
    if (opened.conflict || opened.elsewhere) this.close();
    else if (Object.keys(errors).length > 0) this.#point(errors);
    else if (Object.keys(mistakes(error).fields).length > 0) {
      this.close();
      this.#host.refuse(error);
    } else this.#say({}, sentence(error));
  }

  /** Says what is wrong with the first of these fields, where it is. */
  #point(errors: ChoiceErrors): void {
    this.#say(errors);
    const [field = "local"] = Object.keys(errors);
    void this.#host.focusOn(field);
  }

  #say(errors: ChoiceErrors, failure = ""): void {
    this.#errors = errors;
    this.#failure = failure;
    this.#host.requestUpdate();
  }
}
