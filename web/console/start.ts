/**
 * Start-up: from a token to who is signed in and what they can do. Requests go out as early as they can: the server's settings and the
 * viewer together, then the audiences beside the data of the first page.
 */
import { type GetToken, Problem, type Viewer } from "../api";
import { type Person, readPeople } from "../demo/people";
import { readConfig, type SignIn } from "./config";
import { Hub } from "./hub";
import { Directory } from "./logic/directory";
import { Drafts } from "./logic/drafts";
import { sentence } from "./logic/problems";
import { type Identity, keepToken, openStorage, readIdentity } from "./logic/session";
import { translate } from "./strings";

/** Who is signed in, and what they can do. */
export interface Visit {
  readonly hub: Hub;
  readonly identity: Identity;
  readonly viewer: Viewer;
  /** Null until it has been read, and always for users who administer nothing. */
  readonly directory: Directory | null;
  readonly drafts: Drafts;
}

export type State =
  | { is: "starting" }
  | { is: "signed-out"; reason: string }
  | { is: "failed"; error: unknown }
  | { is: "ready"; visit: Visit };

/** What start-up needs from the console, and the functions that show its results. */
export interface Start {
  /** Null: as the server's settings say. */
  readonly composeUrl: string | null;
  readonly inboxUrl: string | null;
  readonly streamUrl: string | null;
  readonly directoryUrl: string | null;
  /** Whether the host page signs its user in. */
  readonly isHosted: boolean;
  readonly findToken: () => Promise<string | null | undefined>;
  /** A token of the session of a person who signed in at their organisation; undefined without a session. */
  readonly openSession: (hubUrl: string) => Promise<string | undefined>;
  readonly getToken: GetToken;
  readonly show: (state: State) => void;
  /** The demo people, for the sign-in page. */
  readonly showPeople: (people: readonly Person[]) => void;
  /** Where people sign in, for the sign-in page. */
  readonly showSignIn: (signIn: SignIn | null) => void;
}

/** Ends with the state "ready", "signed-out" or "failed"; "ready" is shown before the audiences are there, too. */
export async function startUp(start: Start): Promise<void> {
  try {
    await enter(start);
  } catch (error) {
    if (error instanceof Problem && (error.status === 401 || error.code === "user-inactive")) {
      keepToken(openStorage("sessionStorage"), null);
      start.show({ is: "signed-out", reason: sentence(error) });
    } else start.show({ is: "failed", error });
  }
}

async function enter(start: Start): Promise<void> {
  const { isHosted, getToken, show } = start;
  const reading = readSite(start);
  // It may fail before it is awaited.
  reading.catch(() => undefined);
  const composeUrl = start.composeUrl ?? new URL("..", document.baseURI).href;
  let token = await start.findToken();
  if (!token && !isHosted && (await reading).signIn) token = await start.openSession(composeUrl);
  const identity = readIdentity(token ?? "");
  if (!identity) {
    await (await reading).people;
    show({ is: "signed-out", reason: isHosted ? translate("sign_in_no_hosted_token") : "" });
    return;
  }
  const asking = new Hub(composeUrl, "", "", "", getToken).getViewer();
  const [{ inboxUrl, streamUrl, directoryUrl }, viewer] = await Promise.all([reading, asking]);
  const hub = new Hub(composeUrl, inboxUrl, streamUrl, directoryUrl, getToken);
  const user = `${identity.platform}/${identity.user}`;
  const drafts = new Drafts(hub.drafts, openStorage("localStorage"), user);
  const visit = { hub, identity, viewer, drafts, directory: null };
  show({ is: "ready", visit });
  if (viewer.level === null) return;
  const directory = new Directory(await hub.getAudiences());
  show({ is: "ready", visit: { ...visit, directory } });
}

/** Reads the server's settings. `people` resolves once the demo people are shown: only the sign-in page waits for that. */
async function readSite({ inboxUrl, streamUrl, directoryUrl, isHosted, showPeople, showSignIn }: Start) {
  const config = await readConfig();
  const signIn = isHosted ? null : config.sign_in;
  showSignIn(signIn);
  const hasPeople = config.demo && !isHosted;
  return {
    signIn,
    people: hasPeople ? readPeople().then(showPeople, () => undefined) : undefined,
    inboxUrl: inboxUrl ?? config.inbox_url,
    streamUrl: streamUrl ?? inboxUrl ?? config.stream_url,
    directoryUrl: directoryUrl ?? config.directory_url,
  };
}
