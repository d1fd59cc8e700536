/** The calls of the page Provisioning, each by its name. */
import {
  Client,
  type CreatedToken,
  type DirectoryPaths,
  type DirectoryToken,
  type GetToken,
  type Mapping,
  type ProvisionedGroup,
  type ProvisionedGroups,
  type Provisioning,
  type ScimRefusal,
} from "../api";

const PAGE = 20;

export class ProvisioningCalls {
  readonly #directory: Client<DirectoryPaths>;

  constructor(directoryUrl: string, getToken: GetToken) {
    this.#directory = new Client(directoryUrl, getToken);
  }

  async getState(signal: AbortSignal): Promise<Provisioning> {
    return (await this.#directory.call("get", "/v1/directory/provisioning", { signal })).data;
  }

  /** Allows all deactivations for an hour. */
  async resume(): Promise<Provisioning> {
    return (await this.#directory.call("post", "/v1/directory/provisioning/resume", { body: { minutes: 60 } })).data;
  }

  async getGroups(status: "waiting" | "mapped", after: string | null, signal: AbortSignal): Promise<ProvisionedGroups> {
    const query = { status, limit: PAGE, ...(after ? { after } : {}) };
    return (await this.#directory.call("get", "/v1/directory/provisioning/groups", { query, signal })).data;
  }

  /** Null removes the mapping. */
  async map(groupId: string, mapping: Mapping | null): Promise<ProvisionedGroup> {
    const address = "/v1/directory/provisioning/groups/{group_id}/mapping";
    const path = { group_id: groupId };
    const asked = mapping
      ? this.#directory.call("put", address, { path, body: mapping })
      : this.#directory.call("delete", address, { path });
    return (await asked).data;
  }

  async getTokens(signal: AbortSignal): Promise<DirectoryToken[]> {
    return (await this.#directory.call("get", "/v1/directory/provisioning/tokens", { signal })).data.data;
  }

  async createToken(days: number | null): Promise<CreatedToken> {
    const body = { expires_in_days: days };
    return (await this.#directory.call("post", "/v1/directory/provisioning/tokens", { body })).data;
  }

  async revokeToken(id: string): Promise<DirectoryToken> {
    const path = { token_id: id };
    return (await this.#directory.call("delete", "/v1/directory/provisioning/tokens/{token_id}", { path })).data;
  }

  async getRefusals(signal: AbortSignal): Promise<ScimRefusal[]> {
    return (await this.#directory.call("get", "/v1/directory/provisioning/refusals", { signal })).data.data;
  }
}
