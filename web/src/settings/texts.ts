import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Settings",
    sdk: "SDK",
    tokens: "API tokens",
    noTokens: "There is no token",
    makeToken: "Make a token",
    tokenName: "Name",
    tokenNameHint: "What will use it: warehouse, website…",
    scopes: "What it may do",
    made: "Made",
    shownOnce: "This is the token. It is shown this once.",
    takeBack: "Take back",
    takeBackWill: (name: string) =>
      `Whatever uses the token "${name}" is refused from the next request on. This cannot be undone.`,
    policy: "Policy",
    about: "Publisher",
    sdkHint:
      "CleverTap's own SDKs work as they are: they are told another host and nothing else changes. The host below is the one of this page: put in the one that your visitors reach.",
    mind: {
      web: "ACCOUNT_TOKEN stands for the account token. It was shown once, when the publisher was made. Nothing of a visitor is kept before they say yes, where the policy asks: the site tells that by /sdk/v1/consent, as in docs/operating/consent-on-a-site.md.",
      npm: "The same for a site that is built from packages.",
      android:
        "ACCOUNT_TOKEN was shown once, when the publisher was made. Take CLEVERTAP_REGION out: it wins over the host above. Leave CLEVERTAP_SSL_PINNING out: it pins the maker's own certificates. The second host is for receipts of push messages.",
      ios: "ACCOUNT_TOKEN was shown once, when the publisher was made. Take CleverTapRegion out: it wins over the host above. Leave SSL pinning off: it pins the maker's own certificates. The second host is for receipts of push messages.",
      rest: "PASSCODE was shown once, when the publisher was made. A program of your own may as well send to /api/v1/events with an API token: make one in the next tab.",
    },
    web: "Web",
    npm: "Web, from npm",
    android: "Android",
    ios: "iOS",
    rest: "REST API",
    plainHttp:
      "This page came without encryption (http). The SDKs send to https alone: whoever runs the server starts it with --tls-cert and --tls-key, or behind a proxy that ends TLS.",
    preset: "Preset",
    openPreset: "Nobody is asked: every purpose and class is kept on a basis that you declare.",
    purpose: "Purpose",
    basis: "Basis",
    allows: "Classes it allows",
    consent: "consent",
    change: "Change the policy",
    cancel: "Cancel",
    save: "Save as a new version",
    changeHint:
      "The policy as JSON. It is in force for the next request; what is held already is not touched. The old version stays in the list below.",
    notJson: "This is not JSON",
    versions: "Versions",
    version: "Version",
    when: "When",
    who: "Who",
    name: "Name",
    accountId: "Account id",
    region: "Region",
    zone: "Time zone",
    keys: "Keys",
    keysLocal:
      "local: they lie beside the data in the folder keys, and the server opens them at start without anyone",
    loggedIn: "Logged in as",
  },
  hi: { title: "सेटिंग" },
});
