/** Whose token it is, read without checking anything: the server decides; here it only says which tabs belong together. */

export interface Identity {
  readonly platform: string;
  readonly user: string;
}

export function readIdentity(token: string): Identity | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const { platform, sub } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return typeof platform === "string" && typeof sub === "string" ? { platform, user: sub } : undefined;
  } catch {
    return undefined;
  }
}

/** One name for one user at one hub, the same in every tab; undefined where the token does not say who that is. */
export function sharedName(src: string, token: string): string | undefined {
  const identity = readIdentity(token);
  return identity && `message-bell ${JSON.stringify([src, identity.platform, identity.user])}`;
}
