/** What the compiler must refuse; were one of these lines accepted, it would say so, and a change of the APIs could go unnoticed. */
import type { Client, ComposePaths, InboxPaths } from ".";

/** Never called. */
export function whatTheTypesRefuse(inbox: Client<InboxPaths>, compose: Client<ComposePaths>): void {
  // @ts-expect-error -- no such path
  void inbox.call("get", "/v1/nothing", {});
  // @ts-expect-error -- no such method there
  void inbox.call("post", "/v1/notifications/counts", {});
  // @ts-expect-error -- the path's parameter is missing
  void inbox.call("put", "/v1/notifications/{message_id}/read", {});
  // @ts-expect-error -- the body is missing
  void inbox.call("post", "/v1/notifications/seen", {});
  // @ts-expect-error -- another API's path
  void compose.call("get", "/v1/notifications", {});
  // @ts-expect-error -- no such status
  void inbox.call("get", "/v1/notifications", { query: { status: "odd" } });
  // @ts-expect-error -- no such field in the answer
  void inbox.call("get", "/v1/notifications/counts", {}).then(({ data }) => data.nothing);
}
