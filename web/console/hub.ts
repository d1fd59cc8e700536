/** The calls that the console makes, each by its name. Views ask this, and nothing else, for data. */

import {
  type Audience,
  type Audiences,
  Client,
  type ComposePaths,
  type GetToken,
  type History,
  type InboxPaths,
  type Message,
  type NewMessage,
  type Recipients,
  type SentMessage,
  type Viewer,
} from "../api";
import type { Listing } from "./logic/routes";

const PAGE = 20;

export class Hub {
  readonly getToken: GetToken;
  /** Where the bell finds its API. */
  readonly inboxUrl: string;
  readonly streamUrl: string;
  readonly #compose: Client<ComposePaths>;
  readonly #inbox: Client<InboxPaths>;

  constructor(composeUrl: string, inboxUrl: string, streamUrl: string, getToken: GetToken) {
    this.getToken = getToken;
    this.inboxUrl = inboxUrl;
    this.streamUrl = streamUrl;
    this.#compose = new Client(composeUrl, getToken);
    this.#inbox = new Client(inboxUrl, getToken);
  }

  /** Who is signed in; `level` is null for a user who administers nothing. */
  async getViewer(): Promise<Viewer> {
    return (await this.#compose.call("get", "/v1/viewer", {})).data;
  }

  async getAudiences(): Promise<Audiences> {
    return (await this.#compose.call("get", "/v1/audiences", {})).data;
  }

  /** How many distinct people the audience reaches now. */
  async countPeople(audience: Audience, signal: AbortSignal): Promise<number> {
    const { data } = await this.#compose.call("post", "/v1/audiences/preview", { body: { audience }, signal });
    return data.recipient_count;
  }

  /** The same message under the same key, however often it is called. */
  async send(message: NewMessage, key: string): Promise<Message> {
    const headers = { "Idempotency-Key": key };
    return (await this.#compose.call("post", "/v1/messages", { body: message, headers })).data;
  }

  async recall(id: string): Promise<Message> {
    return (await this.#compose.call("delete", "/v1/messages/{message_id}", { path: { message_id: id } })).data;
  }

  async getHistory({ filter, q }: Listing, after: string | null, signal: AbortSignal): Promise<History> {
    const scope = filter ? { [filter.level]: filter.id } : {};
    const query = { limit: PAGE, ...scope, ...(q ? { q } : {}), ...(after ? { after } : {}) };
    return (await this.#inbox.call("get", "/v1/sent-messages", { query, signal })).data;
  }

  async getMessage(id: string, signal?: AbortSignal): Promise<SentMessage> {
    const request = { path: { message_id: id }, ...(signal ? { signal } : {}) };
    return (await this.#inbox.call("get", "/v1/sent-messages/{message_id}", request)).data;
  }

  /** A page of the message's recipients within the viewer's reach. */
  async getRecipients(
    id: string,
    status: "read" | "unread" | null,
    after: string | null,
    signal: AbortSignal,
  ): Promise<Recipients> {
    const query = { limit: PAGE, ...(status ? { status } : {}), ...(after ? { after } : {}) };
    const request = { path: { message_id: id }, query, signal };
    return (await this.#inbox.call("get", "/v1/sent-messages/{message_id}/recipients", request)).data;
  }
}
