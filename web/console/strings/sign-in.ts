/** Texts of the sign-in page. */
export const signIn = {
  sign_in_title: "Sign in",
  sign_in_submit: "Sign in",
  sign_in_try: "Try it as",
  sign_in_token: "Access token",
  sign_in_token_instead: "Or sign in with an access token",
  sign_in_hint:
    "Your platform gives it to you; operators create one with the command “message-hub token”. It stays in this tab until you sign out or close the tab.",
  sign_in_no_token: "Paste your access token.",
  sign_in_bad_token: "That is not a valid access token. Paste the whole token.",
  sign_in_no_hosted_token: "This page did not provide an access token.",
  sign_in_ended: "Your session has ended. Sign in again; your draft is saved.",
};
