/** Whose token it is, read without checking anything: the server decides; here it only says which tabs belong together. */

/** One name for one user at one hub, the same in every tab; undefined where the token does not say who that is. */
export function sharedName(src: string, token: string): string | undefined {
  try {
    // Not decoded as UTF-8: the names are compared, never shown.
    const payload = atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    const { platform, sub } = JSON.parse(payload) as Record<string, unknown>;
    return platform && sub ? `message-bell ${JSON.stringify([src, platform, sub])}` : undefined;
  } catch {
    return undefined;
  }
}
