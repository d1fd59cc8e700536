/**
 * The token of one user. Without one, and when it is refused, the page is asked for another; calls that wait for it share one question.
 * A page that returns none, or the refused one, is signed out; one that fails to answer is asked again later.
 */
import { Refusal } from "./inbox";

/** `refused`: the token that the hub has just rejected, if it is asked for that reason. */
export type AskForToken = (refused?: string) => string | null | undefined | Promise<string | null | undefined>;

export class Credentials {
  /** A token of another user that the page gave when it was asked: that user has signed in. */
  foreign: string | undefined;
  #pending: Promise<string> | undefined;

  constructor(
    public token: string | undefined,
    public ask: AskForToken | undefined,
    /** Whether a token belongs to the same user. */
    private readonly isOurs: (token: string) => boolean,
  ) {}

  /** A token other than `refused`. Rejects with a `Refusal`: 401 where there is none, 0 where none could be fetched. */
  async get(refused?: string): Promise<string> {
    if (this.token && this.token !== refused) return this.token;
    this.#pending ??= this.#renew(refused).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #renew(refused: string | undefined): Promise<string> {
    let fresh: string | null | undefined;
    try {
      fresh = await this.ask?.(refused);
    } catch {
      throw new Refusal(0);
    }
    // Another may have been set in the meantime.
    if (this.token && this.token !== refused) return this.token;
    if (fresh && !this.isOurs(fresh)) this.foreign = fresh;
    if (!fresh || fresh === refused || this.foreign) throw new Refusal(401);
    this.token = fresh;
    return fresh;
  }
}
