/** Who is signed in. The token stays in this tab's session storage; what it says is read for display and never trusted. */

const STORED_AS = "message-hub:token";

export interface Identity {
  readonly platform: string;
  /** The user's external id. */
  readonly user: string;
}

/** What the token claims, or null for something that is no token. The hub alone decides whether it is good. */
export function readIdentity(token: string): Identity | null {
  try {
    const payload = token.split(".")[1] ?? "";
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const { platform, sub } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    return typeof platform === "string" && typeof sub === "string" ? { platform, user: sub } : null;
  } catch {
    return null;
  }
}

/** A pasted token without "Bearer" or "Authorization: Bearer" before it. */
export function cleanToken(pasted: string): string {
  return pasted.trim().replace(/^(Authorization:\s*)?Bearer\s+/i, "");
}

/** A platform's key as typed, or the domain of an e-mail address: the hub needs no more of it. */
export function platformOf(typed: string): string {
  return typed.slice(typed.lastIndexOf("@") + 1).trim();
}

/** The storage, or null where the browser does not let a page have one. */
export function openStorage(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[kind];
  } catch {
    return null;
  }
}

export function loadToken(storage: Storage | null): string | null {
  return storage?.getItem(STORED_AS) ?? null;
}

export function keepToken(storage: Storage | null, token: string | null): void {
  try {
    if (token === null) storage?.removeItem(STORED_AS);
    else storage?.setItem(STORED_AS, token);
  } catch {
    // A full storage: the token lasts until the page is reloaded.
  }
}
