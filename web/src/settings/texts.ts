import { catalogue } from "../ui/texts";

export const texts = catalogue({
  en: {
    title: "Settings",
    sdk: "SDK",
    policy: "Policy",
    about: "Publisher",
    sdkHint:
      "CleverTap's own SDKs work as they are: they are told another host name and nothing else changes.",
    tokenHint: "ACCOUNT_TOKEN stands for the account token that was printed when the publisher was made.",
    web: "Web",
    android: "Android",
    ios: "iOS",
    rest: "REST API",
    copy: "Copy",
    copied: "Copied",
    plainHttp:
      "This page is served without TLS. The SDKs send to https alone: serve with --tls-cert and --tls-key, or behind a proxy that ends TLS.",
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
