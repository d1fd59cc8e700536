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
  sign_in_organisation: "Sign in with your organisation",
  sign_in_platform: "Work e-mail or platform",
  sign_in_platform_hint: "Your e-mail address at work, or the short name of your platform.",
  sign_in_no_platform: "Enter your e-mail address at work or the name of your platform.",
  sign_in_continue: "Continue",
  sign_in_idle_soon: "You will be signed out at {time}, because you have not used Message Hub for a while.",
  sign_in_over_soon: "Your session ends at {time}. Sign in again to continue; your draft is saved.",
  sign_in_stay: "Stay signed in",
  sign_in_again: "Sign in again",
  sign_in_ended: "Your session has ended. Sign in again; your draft is saved.",
};
