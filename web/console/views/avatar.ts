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

  /* Beside a name in a line of text. */
  p > .avatar {
    inline-size: 1.5rem;
    block-size: 1.5rem;
    margin-inline-end: 0.5rem;
    font-size: 0.625rem;
    vertical-align: middle;
  }

  /* Drawn by CSS: not part of the button's name, and not translated. */
  .avatar::before {
    content: attr(data-initials);
  }
`;

export function avatar(name: string) {
  return html`<span class="avatar" aria-hidden="true" data-initials=${initials(name)}></span>`;
}
