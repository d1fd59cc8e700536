/** What the server tells its pages about itself. */

export interface Config {
  /** Where browsers reach inbox_api; empty: where this page came from. */
  readonly inbox_url: string;
  /** Where browsers reach the live stream; empty: where this page came from. */
  readonly stream_url: string;
  /** Where browsers reach the directory; empty: where this page came from. */
  readonly directory_url: string;
  /** Whether there are demo people to sign in as. */
  readonly demo: boolean;
  /** Where people sign in; null: with an access token only. */
  readonly sign_in: SignIn | null;
}

export interface SignIn {
  /** The key of the only platform whose people sign in at their organisation; null if there are several. */
  readonly platform: string | null;
  /** The hub's public address, without a slash at its end. */
  readonly url: string;
  /** Whether people of other platforms still need an access token. */
  readonly tokens: boolean;
}

export async function readConfig(): Promise<Config> {
  // Relative: pages may live under a path of a proxy's own. All of them lie one folder deep, beside `console/`.
  const response = await fetch("../console/config.json");
  if (!response.ok) throw new Error(`The console's settings could not be read (${response.status}).`);
  return (await response.json()) as Config;
}
