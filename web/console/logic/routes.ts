/** The addresses of the console, all behind the `#` so that it can live in any page. Pure. */

export type Filter = { level: "organisation" | "clinic"; id: string } | null;

/** Which sent messages a list shows: those of the `category` that reached the scope of `filter` and have the words of `q` in them. */
export interface Listing {
  readonly filter: Filter;
  readonly category: string | null;
  readonly q: string;
}

export const ALL_MESSAGES: Listing = { filter: null, category: null, q: "" };

/** What the page for writing opens: a draft by its name, else a new one: to a scope, with the content of a message, to follow it or to correct it. */
export interface Beginning {
  readonly draft: string | null;
  readonly preset: Filter;
  readonly copy: string | null;
  readonly follow: string | null;
  readonly correct: string | null;
}

/** Which received messages are listed, and which one is opened. */
export interface Received {
  readonly category: string | null;
  readonly id: string | null;
}

export type Route =
  | { page: "home" }
  | ({ page: "messages" } & Listing)
  | { page: "message"; id: string }
  | ({ page: "received" } & Received)
  | { page: "drafts" }
  | { page: "organisations" }
  | { page: "provisioning" }
  | ({ page: "compose" } & Beginning)
  | { page: "unknown" };

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const query = new URLSearchParams(search);
  const [first = "", second, ...rest] = path.split("/").filter(Boolean).map(decode);
  if (rest.length > 0) return { page: "unknown" };
  if (first === "messages" && second !== undefined) return { page: "message", id: second };
  if (first === "received") return { page: "received", category: query.get("category") || null, id: second ?? null };
  if (second !== undefined) return { page: "unknown" };
  switch (first) {
    case "":
      return { page: "home" };
    case "messages":
      return { page: "messages", ...readListing(query) };
    case "compose":
      return { page: "compose", ...readBeginning(query) };
    case "drafts":
    case "organisations":
    case "provisioning":
      return { page: first };
    default:
      return { page: "unknown" };
  }
}

export function messagesPath({ filter, category, q }: Listing = ALL_MESSAGES): string {
  return `#/messages${write({ ...parameters(filter), ...(category ? { category } : {}), ...(q ? { q } : {}) })}`;
}

export function messagePath(id: string): string {
  return `#/messages/${encodeURIComponent(id)}`;
}

export function receivedPath(category: string | null = null): string {
  return `#/received${write(category ? { category } : {})}`;
}

/** Begins a new message with the content of another. */
export function copyPath(id: string): string {
  return `#/compose${write({ copy: id })}`;
}

/** Begins a message to those who have not read another. */
export function followUpPath(id: string): string {
  return `#/compose${write({ follow: id })}`;
}

/** Begins a message that replaces another. */
export function correctionPath(id: string): string {
  return `#/compose${write({ correct: id })}`;
}

export function draftPath(name: string): string {
  return `#/compose${write({ draft: name })}`;
}

export function composePath(preset: Filter = null): string {
  return `#/compose${write(parameters(preset))}`;
}

function readBeginning(query: URLSearchParams): Beginning {
  const of = (name: string) => query.get(name);
  return {
    draft: of("draft"),
    preset: readFilter(query),
    copy: of("copy"),
    follow: of("follow"),
    correct: of("correct"),
  };
}

function readListing(query: URLSearchParams): Listing {
  return { filter: readFilter(query), category: query.get("category") || null, q: query.get("q") ?? "" };
}

function readFilter(query: URLSearchParams): Filter {
  const organisation = query.get("organisation");
  if (organisation) return { level: "organisation", id: organisation };
  const clinic = query.get("clinic");
  return clinic ? { level: "clinic", id: clinic } : null;
}

function parameters(filter: Filter): Record<string, string> {
  return filter ? { [filter.level]: filter.id } : {};
}

function write(query: Record<string, string>): string {
  return Object.keys(query).length > 0 ? `?${new URLSearchParams(query)}` : "";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
