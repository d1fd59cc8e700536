/**
 * Start-up: who is signed in, and what follows from it. Requests go out as early as they can: the server's settings and the viewer
 * together, then the audiences beside the first page's own data.
 */
import type { GetToken, Viewer } from "../api";
import { readConfig } from "./config";
import { Hub } from "./hub";
import type { Directory } from "./logic/directory";
import { DraftStore } from "./logic/drafts";
import { type Identity, openStorage } from "./logic/session";

/** Who is signed in, and what they can do. */
export interface Visit {
  readonly hub: Hub;
  readonly identity: Identity;
  readonly viewer: Viewer;
  /** Null until it has been read, and always for users who administer nothing. */
  readonly directory: Directory | null;
  readonly drafts: DraftStore;
}

/** Where the inbox API and the live stream are, and whether there are demo people. */
export interface Site {
  readonly inboxUrl: string;
  readonly streamUrl: string;
  readonly isDemo: boolean;
}

/** As the server's settings say, but for the addresses that the host page gives. */
export async function readSite(inboxUrl: string | null, streamUrl: string | null): Promise<Site> {
  const config = await readConfig();
  return {
    inboxUrl: inboxUrl ?? config.inbox_url,
    streamUrl: streamUrl ?? inboxUrl ?? config.stream_url,
    isDemo: config.demo,
  };
}

/** Rejects with a `Problem` where the token is not accepted. */
export async function enter(
  composeUrl: string,
  reading: Promise<Site>,
  identity: Identity,
  getToken: GetToken,
): Promise<Visit> {
  const asking = new Hub(composeUrl, "", "", getToken).getViewer();
  const [{ inboxUrl, streamUrl }, viewer] = await Promise.all([reading, asking]);
  const hub = new Hub(composeUrl, inboxUrl, streamUrl, getToken);
  const user = `${identity.platform}/${identity.user}`;
  const drafts = new DraftStore(openStorage("localStorage"), openStorage("sessionStorage"), user);
  return { hub, identity, viewer, drafts, directory: null };
}
