/** What the page Provisioning says of the connection and of tokens. Pure. */
import type { DirectoryToken, Provisioning } from "../../api";

export type Connection = "stopped" | "imported" | "not_connected" | "waiting" | "connected";

/** The worst first: what an administrator has to do something about. */
export function connection(state: Provisioning): Connection {
  if (state.managed_by === "csv") return "imported";
  if (state.brake) return "stopped";
  if (state.valid_token_count === 0) return "not_connected";
  return state.last_request_at === null ? "waiting" : "connected";
}

export function tokenStatus({ valid, revoked_at }: DirectoryToken): "valid" | "revoked" | "expired" {
  if (valid) return "valid";
  return revoked_at === null ? "expired" : "revoked";
}
