/** The calls that the console makes, each by its name. Views ask this, and nothing else, for data. */

import {
  type Addressed,
  type Audiences,
  Client,
  type ComposePaths,
  type GetToken,
  type History,
  type InboxPaths,
  type Message,
  type Recipients,
  type SentMessage,
  type Viewer,
} from "../api";
import { AcknowledgementCalls } from "./hub-acknowledgements";
import { DraftCalls } from "./hub-drafts";
import { readLines } from "./logic/download";
import type { Filter, Listing } from "./logic/routes";
import { ProvisioningCalls } from "./provisioning-calls";

const PAGE = 20;

/** Those who have read a message, those who have not, or all (null); in one organisation or clinic, or in all. */
export interface WantedRecipients {
  readonly status: "read" | "unread" | null;
  readonly filter: Filter;
}

export class Hub {
  readonly getToken: GetToken;
  /** Where the bell finds its API. */
  readonly inboxUrl: string;
  readonly streamUrl: string;
  readonly provisioning: ProvisioningCalls;
  readonly drafts: DraftCalls;
  readonly acknowledgements: AcknowledgementCalls;
  readonly #compose: Client<ComposePaths>;
  readonly #inbox: Client<InboxPaths>;
  readonly #titles = new Map<string, Promise<string>>();

  constructor(composeUrl: string, inboxUrl: string, streamUrl: string, directoryUrl: string, getToken: GetToken) {
    this.getToken = getToken;
    this.inboxUrl = inboxUrl;
    this.streamUrl = streamUrl;
    this.provisioning = new ProvisioningCalls(directoryUrl, getToken);
    this.#compose = new Client(composeUrl, getToken);
    this.#inbox = new Client(inboxUrl, getToken);
    this.acknowledgements = new AcknowledgementCalls(this.#compose, this.#inbox);
    this.drafts = new DraftCalls(this.#compose, (id) => this.getMessage(id));
  }

  /** Who is signed in; `level` is null for a user who administers nothing. */
  async getViewer(): Promise<Viewer> {
    return (await this.#compose.call("get", "/v1/viewer", {})).data;
  }

  async getAudiences(): Promise<Audiences> {
    return (await this.#compose.call("get", "/v1/audiences", {})).data;
  }

  /** How many distinct people an audience, or a follow-up, reaches now. */
  async countPeople(people: Addressed, signal: AbortSignal): Promise<number> {
    const { data } = await this.#compose.call("post", "/v1/audiences/preview", { body: people, signal });
    return data.recipient_count;
  }

  async recall(id: string): Promise<Message> {
    return (await this.#compose.call("delete", "/v1/messages/{message_id}", { path: { message_id: id } })).data;
  }

  async getHistory({ filter, category, q }: Listing, after: string | null, signal: AbortSignal): Promise<History> {
    const chosen = { ...(category ? { category } : {}), ...(q ? { q } : {}) };
    const query = { limit: PAGE, ...toQuery({ filter }), ...chosen, ...(after ? { after } : {}) };
    return (await this.#inbox.call("get", "/v1/sent-messages", { query, signal })).data;
  }

  async getMessage(id: string, signal?: AbortSignal): Promise<SentMessage> {
    const request = { path: { message_id: id }, ...(signal ? { signal } : {}) };
    return (await this.#inbox.call("get", "/v1/sent-messages/{message_id}", request)).data;
  }

  /** The title of a message; it never changes, so it is asked for once. */
  getTitle(id: string): Promise<string> {
    const known = this.#titles.get(id);
    if (known) return known;
    const title = this.getMessage(id).then((message) => message.title);
    this.#titles.set(id, title);
    title.catch(() => this.#titles.delete(id));
    return title;
  }

  async getRecipients(
    id: string,
    wanted: WantedRecipients,
    after: string | null,
    signal: AbortSignal,
  ): Promise<Recipients> {
    const path = { message_id: id };
    const query = { limit: PAGE, ...toQuery(wanted), ...(after ? { after } : {}) };
    return (await this.#inbox.call("get", "/v1/sent-messages/{message_id}/recipients", { path, query, signal })).data;
  }

  /** All of them as CSV. `onLines` is called with the number of lines so far. */
  async exportRecipients(
    id: string,
    wanted: WantedRecipients,
    onLines: (count: number) => void,
    signal: AbortSignal,
  ): Promise<Blob> {
    const request = { path: { message_id: id }, query: toQuery(wanted), signal };
    const answer = await this.#inbox.open("/v1/sent-messages/{message_id}/recipients/export", request);
    return readLines(answer, onLines, signal);
  }
}

function toQuery({ status = null, filter }: Partial<WantedRecipients>) {
  return { ...(filter ? { [filter.level]: filter.id } : {}), ...(status ? { status } : {}) };
}
