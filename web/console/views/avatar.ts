/** A person's initials in a circle. Their name stands beside it, or names the button around it, so it is hidden from screen readers. */
import { css, html } from "lit";
import { initials } from "../../common/initials";

export const avatarStyles = css`
  .avatar {
    display: inline-grid;
    flex: none;
    place-items: center;
    inline-size: 2rem;
    block-size: 2rem;
    border-radius: 50%;
    background: var(--_hub-accent-soft);
    color: var(--_hub-accent);
    font-size: 0.75rem;
    font-weight: 600;
    line-height: 1;
  }

  /* Drawn: they are no part of the button's name, and nothing to translate. */
  .avatar::before {
    content: attr(data-initials);
  }
`;

export function avatar(name: string) {
  return html`<span class="avatar" aria-hidden="true" data-initials=${initials(name)}></span>`;
}
