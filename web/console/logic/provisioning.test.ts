import { expect, test } from "vitest";
import type { DirectoryToken, Provisioning } from "../../api";
import { connection, tokenStatus } from "./provisioning";

const AT = "2026-11-30T12:00:00Z";
const CONNECTED: Provisioning = {
  platform: "acme",
  managed_by: "scim",
  scim_url: "https://hub.example.org/scim/v2",
  last_request_at: AT,
  valid_token_count: 1,
  user_count: 3,
  provisioned_user_count: 2,
  group_count: 1,
  waiting_group_count: 0,
  deactivated_last_hour: 0,
  brake: null,
  released_until: null,
};
const BRAKE = { at: AT, request: "PATCH /Users/1", token_id: "1", request_id: "r" };

test.each([
  ["connected", {}],
  ["waiting", { last_request_at: null }],
  ["not_connected", { valid_token_count: 0 }],
  ["stopped", { brake: BRAKE, valid_token_count: 0 }],
  ["imported", { managed_by: "csv", brake: BRAKE }],
] as const)("the connection is %s where the state has %o", (expected, changes) => {
  expect(connection({ ...CONNECTED, ...changes })).toBe(expected);
});

const TOKEN: DirectoryToken = {
  id: "1",
  created_at: AT,
  expires_at: null,
  last_used_at: null,
  revoked_at: null,
  valid: true,
};

test("a token is valid, revoked or expired", () => {
  expect(tokenStatus(TOKEN)).toBe("valid");
  expect(tokenStatus({ ...TOKEN, valid: false, expires_at: AT })).toBe("expired");
  expect(tokenStatus({ ...TOKEN, valid: false, expires_at: AT, revoked_at: AT })).toBe("revoked");
});
