/** The calls about who has acknowledged a sent message. */
import type {
  AcknowledgementSummary,
  AcknowledgingPeople,
  Client,
  ComposePaths,
  InboxPaths,
  Message,
  ScopeNumbers,
} from "../api";
import { readLines } from "./logic/download";
import type { Filter } from "./logic/routes";

const PAGE = 20;

/** Those who have acknowledged, those who are asked to, or all (null); in one organisation or clinic; with words of their name. */
export interface WantedPeople {
  readonly status: "acknowledged" | "outstanding" | null;
  readonly filter: Filter;
  readonly q: string;
}

export type ExportFormat = "csv" | "evidence";

export class AcknowledgementCalls {
  readonly #compose: Client<ComposePaths>;
  readonly #inbox: Client<InboxPaths>;

  constructor(compose: Client<ComposePaths>, inbox: Client<InboxPaths>) {
    this.#compose = compose;
    this.#inbox = inbox;
  }

  async getSummary(id: string, by: "organisation" | "clinic", signal: AbortSignal): Promise<AcknowledgementSummary> {
    return this.#getSummary(id, { by }, signal);
  }

  async getClinics(id: string, organisation: string, signal: AbortSignal): Promise<readonly ScopeNumbers[]> {
    return (await this.#getSummary(id, { by: "clinic", organisation }, signal)).data;
  }

  async #getSummary(id: string, query: { by: "organisation" | "clinic"; organisation?: string }, signal: AbortSignal) {
    const request = { path: { message_id: id }, query, signal };
    return (await this.#inbox.call("get", "/v1/sent-messages/{message_id}/acknowledgements/summary", request)).data;
  }

  async getPeople(
    id: string,
    { status, filter, q }: WantedPeople,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AcknowledgingPeople> {
    const chosen = { ...(filter ? { [filter.level]: filter.id } : {}), ...(status ? { status } : {}) };
    const query = { limit: PAGE, ...chosen, ...(q ? { q } : {}), ...(after ? { after } : {}) };
    const request = { path: { message_id: id }, query, signal };
    return (await this.#inbox.call("get", "/v1/sent-messages/{message_id}/acknowledgements", request)).data;
  }

  /** Reminds those within the caller's reach who have not acknowledged; the message that they get. */
  async remind(id: string, note: string): Promise<Message> {
    const request = { path: { message_id: id }, body: note ? { note } : {} };
    return (await this.#compose.call("post", "/v1/sent-messages/{message_id}/acknowledgements/remind", request)).data;
  }

  /** `onLines` is called with the number of lines so far. */
  async export(id: string, format: ExportFormat, onLines: (count: number) => void, signal: AbortSignal): Promise<Blob> {
    const request = { path: { message_id: id }, query: { format }, signal };
    const answer = await this.#inbox.open("/v1/sent-messages/{message_id}/acknowledgements/export", request);
    return readLines(answer, onLines, signal);
  }
}
